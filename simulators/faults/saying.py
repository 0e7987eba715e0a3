"""What is wrong from now on, in a file that a library looks at while its process runs."""

from __future__ import annotations

from pathlib import Path


def say(path: Path, text: str) -> None:
    """Let the file at ``path`` hold ``text``, whole at any moment: no call may read half of it."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="ascii")
    new.replace(path)
