"""The installer's guide as a value: its pages, and the lines that a person types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GUIDE: Final = Path(__file__).parent.parent.parent / "docs/installer"
LANGUAGES: Final = ("en", "sv")


@dataclass(frozen=True, slots=True)
class Page:
    """One chapter in one language."""

    path: Path
    text: str

    def blocks(self, kind: str) -> Sequence[str]:
        """Return what stands in the fenced blocks of a kind."""
        return re.findall(rf"^```{kind}\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)

    @property
    def commands(self) -> Sequence[str]:
        """Return what is typed on the box, a line each."""
        return [line for block in self.blocks("sh") for line in block.splitlines()]

    @property
    def mentioned(self) -> Sequence[str]:
        """Return the commands of Brygga that stand within sentences."""
        return re.findall(r"`(?:sudo )?(brygga [a-z][^`]*)`", self.text)


def pages(language: str) -> Sequence[Page]:
    """Return the chapters in their order."""
    return [Page(path, path.read_text(encoding="utf-8")) for path in sorted((GUIDE / language).glob("[0-9]*.md"))]
