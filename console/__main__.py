"""``python -m console``: the command line, by the interpreter that runs it."""

from console.cli import main

main()
