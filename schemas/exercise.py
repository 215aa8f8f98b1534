"""Names of those who take part in an exercise: nobody takes them for real devices, and nobody is called because of them.

``sps-helios-01`` takes part in the exercise ``k3f9`` as ``sps-exercise-k3f9-helios-01``: its system stays in front.
"""

import re

EXERCISE = "exercise"
PATTERN = f"^[^-]*-{EXERCISE}-"
"""What the names of those who take part match, for Python and for ClickHouse."""
_name = re.compile(PATTERN)


def exercise_name(name: str, token: str) -> str:
    """The name under which a device or link takes part in the exercise of that token, which holds no dash."""
    system, _, rest = name.partition("-")
    return f"{system}-{EXERCISE}-{token}-{rest or system}"


def is_exercise(name: str) -> bool:
    """Whether a device or link of this name only takes part in an exercise."""
    return _name.match(name) is not None
