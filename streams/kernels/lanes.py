"""Eight 64-bit numbers at a time: LLVM's vector instructions, which plain loops do not become when they close up what they keep.

Used inside of numba intrinsics. On processors without such instructions LLVM writes the same out one number at a time. numba's
cache does not know of this file: whoever changes it touches the kernels that use it.
"""

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

LANES = 8
LANE, HALF, OCTET = ir.IntType(64), ir.IntType(32), ir.IntType(8)


def lanes_of(kind: Any, lanes: int = LANES) -> Any:
    """Eight of a kind, or as many as ``lanes`` says."""
    return ir.VectorType(kind, lanes)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Writes instructions over eight lanes with numba's ``builder``."""

    context: Any
    builder: Any

    def pointer(self, kind: Any, array: Any, place: Any) -> Any:
        """To element ``place`` of a numba array."""
        return self.builder.gep(self.context.make_array(kind)(self.context, self.builder, array).data, [place])

    def load(self, pointer: Any, kind: Any, lanes: int = LANES) -> Any:
        """Neighbours of ``kind``."""
        value = self.builder.load(self.builder.bitcast(pointer, lanes_of(kind, lanes).as_pointer()))
        value.align = kind.width // 8
        return value

    def store(self, values: Any, pointer: Any) -> None:
        self.builder.store(values, self.builder.bitcast(pointer, values.type.as_pointer())).align = values.type.element.width // 8

    def everywhere(self, value: Any, lanes: int = LANES) -> Any:
        """One value in every lane."""
        one = self.builder.insert_element(ir.Constant(lanes_of(value.type, lanes), ir.Undefined), value, HALF(0))
        return self.builder.shuffle_vector(one, one, ir.Constant(lanes_of(HALF, lanes), [0] * lanes))

    def constant(self, *values: int) -> Any:
        """One number in every lane, or one for each."""
        return ir.Constant(lanes_of(LANE), list(values) * (LANES // len(values)))

    def low(self, values: Any) -> Any:
        """The lower halves, so that multiplying two of them is one instruction."""
        return self.builder.and_(values, self.constant(0xFFFFFFFF))

    def closed_up(self, values: Any, kept: Any) -> Any:
        """The values of the lanes that are kept, one behind the other; what follows means nothing."""
        name = f"llvm.experimental.vector.compress.v{LANES}i{values.type.element.width}"
        return self.call(name, values.type, values, kept, ir.Constant(values.type, ir.Undefined))

    def number(self, mask: Any) -> Any:
        """How many lanes, as a 64-bit number."""
        bits = ir.IntType(mask.type.count)
        found = self.call(f"llvm.ctpop.i{bits.width}", bits, self.builder.bitcast(mask, bits))
        return found if bits.width == LANE.width else self.builder.zext(found, LANE)

    def call_early(self, pointer: Any) -> None:
        """Have memory on its way that is needed later."""
        pointer = self.builder.bitcast(pointer, OCTET.as_pointer())
        self.call("llvm.prefetch.p0", ir.VoidType(), pointer, HALF(0), HALF(3), HALF(1))

    def call(self, name: str, result: Any, *values: Any) -> Any:
        module = self.builder.module
        kind = ir.FunctionType(result, [value.type for value in values])
        return self.builder.call(module.globals.get(name) or ir.Function(module, kind, name), values)
