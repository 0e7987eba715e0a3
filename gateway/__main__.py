"""`python -m gateway`, and the `brygga` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:2] == ["run"]:
        from gateway.service import hangup

        hangup.remember()  # before all that takes its time to import
    from gateway.commands.cli import main as run_command

    sys.exit(run_command())


if __name__ == "__main__":
    main()
