"""404: the thing that a row goes to is not there, or nothing is at the path at all. One answer does not tell which; what others get does.

Where something is taken in the same conversation it is the thing, and all that waits for it is refused. Where nothing is, it is
the way there (a mistyped path, a proxy while its platform is exchanged): all waits. A queue of nothing but one thing that is not there
ends, too, once the way was proved by something that was taken; that is remembered under "way", until several things are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.model import Json

if TYPE_CHECKING:
    from gateway.formats.rounds import Row

WAY: Final = "way"
PROVED: Final = "proved"


@dataclass(slots=True)
class Missing:
    """The things that were answered with 404 in one conversation."""

    is_proved: bool  # the way there, by an earlier one
    targets: dict[str, str] = field(default_factory=dict)  # where each was looked for, without its secrets
    words: dict[str, str] = field(default_factory=dict)  # the platform's, of each

    def note(self, thing: str, target: str, words: str) -> None:
        """Keep that a thing was answered so."""
        self.targets[thing], self.words[thing] = target, words

    def judge(self, rows: Iterable[Row], *, is_taken: bool) -> None:
        """Refuse what goes to things that are not there where something else was taken; else let it wait."""
        for row in rows:
            if row.is_settled or row.to not in self.targets:
                continue
            if is_taken:
                row.refused.append(row.undecided or f"{self.words[row.to]}, as to an older one of the same thing")
                row.undecided, row.parts, row.open = "", (), 0
            elif not self.is_proved or len(self.targets) > 1:
                row.tries.now = None

    def complaint(self) -> str:
        """Return what a person is to look at, given that nothing was taken."""
        target = next(iter(self.targets.values()))
        return f"404 to everything that was sent: is the path right? url or options.topic may be wrong ({target})"

    def memory(self, *, is_taken: bool) -> Mapping[str, Json]:
        """Return what is to be remembered of the way, only where it changed."""
        if is_taken and not self.is_proved:
            return {WAY: PROVED}
        return {WAY: None} if self.is_proved and not is_taken and len(self.targets) > 1 else {}
