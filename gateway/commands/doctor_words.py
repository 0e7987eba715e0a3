"""What `brygga doctor` says in a person's language, by the dashboard's own table: the page and the terminal say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.doctor import Finding, Standing
from gateway.web.files import PAGES

FOLDER: Final = PAGES / "words"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language by key; a key of a finding is its check and ill, or the ill alone where any check may have it."""

    table: Mapping[str, str]

    def standing(self, one: Standing) -> str:
        """Return how something stands, in a word."""
        return self.table[f"finding.{one}"]

    def means(self, one: Finding) -> str:
        """Return what a finding means; "" in English, in which what was seen says it already."""
        return self._of("ill", one) or ""

    def do(self, one: Finding) -> str:
        """Return what to do about it; in the doctor's own English where this language has no words for it."""
        template = self.step(one.keys.get("step", "")) or self._of("do", one)
        return one.do if template is None else template.format_map(one.keys)

    def report(self, name: str, count: int = 0) -> str:
        """Return what all findings come to: ``name`` is a key below "report"."""
        return self.table[f"report.{name}"].format(count=count)

    def step(self, kind: str) -> str | None:
        """Return what to do about a step of a destination's test that went wrong; None where this language has no words for its kind."""
        return self.table.get(f"step.{kind.replace(' ', '_')}")

    def _of(self, group: str, one: Finding) -> str | None:
        return self.table.get(f"{group}.{one.check}.{one.ill}", self.table.get(f"{group}.{one.ill}"))


def words_in(language: str) -> Words:
    """Return the words of ``language``: sv or en."""
    return Words(json.loads((FOLDER / f"doctor-{language}.json").read_text(encoding="utf-8")))
