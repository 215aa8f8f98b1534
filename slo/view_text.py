"""SQL as text: the statements that are shipped in slo/views, and tables of constants."""

from collections.abc import Mapping, Sequence
from importlib.resources import files


def shipped(name: str) -> str:
    """A statement of slo/views, without its comments."""
    lines = files("slo").joinpath("views", f"{name}.sql").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def constants(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    """A SELECT of constant rows; ``columns`` are types by name."""
    names = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    if not rows:
        return f"SELECT * FROM null({quoted(names)})"
    return f"SELECT * FROM values({quoted(names)},\n" + ",\n".join(f"({', '.join(row)})" for row in rows) + ")"


def numbers(values: Sequence[int]) -> str:
    """An array."""
    return f"[{', '.join(map(str, values))}]"


def quoted(text: str) -> str:
    """A text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
