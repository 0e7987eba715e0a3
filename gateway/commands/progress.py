"""How far a long command is, for who sits at a terminal; nobody else is told."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from gateway.commands import lines

Told = Callable[[int, int], None]
"""So many of so many."""


@contextlib.contextmanager
def progress(words: str) -> Iterator[Told]:
    """Show a bar for as long as the block lasts."""
    if not lines.is_terminal(sys.stderr):
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda number, total: bar.update(task, completed=number, total=total)
