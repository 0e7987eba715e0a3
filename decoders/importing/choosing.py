"""Which of the models that were proved are installed, and under which name one codec serves several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from decoders.importing.names import base, valid
from decoders.importing.verdict import Standing, Verdict

RANK: Final = {Standing.PASSED: 0, Standing.FAILED: 1, Standing.UNTESTED: 2, Standing.BROKEN: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the installer wants besides the models that pass all their examples."""

    untested: bool = False  # also those without examples
    failing: bool = False  # also those that fail some
    vendors: frozenset[str] = frozenset()  # of these vendors only; none: of all

    def takes(self, verdict: Verdict) -> bool:
        """Tell whether the model is to be installed."""
        match verdict.standing:
            case Standing.PASSED:
                return True
            case Standing.UNTESTED:
                return self.untested or self.failing
            case Standing.FAILED:
                return self.failing
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model to be installed, and the one whose file it uses: itself, or another that sends the same."""

    verdict: Verdict
    serves: Verdict

    @property
    def is_alias(self) -> bool:
        """Tell whether another model's file serves it."""
        return self.serves is not self.verdict


def one_a_name(verdicts: Iterable[Verdict]) -> tuple[list[Verdict], list[str]]:
    """Return the best verdict of each name, and a line for each model that loses its name to another."""
    by_name: dict[str, list[Verdict]] = defaultdict(list)
    for one in verdicts:
        by_name[one.model.name].append(one)
    kept, told = [], []
    for name, several in by_name.items():
        best, *others = sorted(several, key=_goodness)
        kept.append(best)
        told += [_lost(name, other, best) for other in others if other.content != best.content]
    return kept, told


def _goodness(one: Verdict) -> tuple[int, int, bool, str]:
    return RANK[one.standing], -one.passed, not one.model.licence, one.model.file


def _lost(name: str, other: Verdict, best: Verdict) -> str:
    return f"{other.model.file}: not taken: {name} is {best.model.file}, which {_how(best)}; this one {_how(other)}"


def _how(one: Verdict) -> str:
    return (
        f"passed {one.passed} of {len(one.outcomes)}"
        if one.outcomes
        else "has no examples"
        if not one.broken
        else "does not load"
    )


def chosen(verdicts: Sequence[Verdict], choice: Choice, installed: Container[str] = ()) -> list[Chosen]:
    """Return what ``choice`` takes of ``verdicts``; ``installed`` are the names that a file of their own serves already."""
    groups: dict[tuple[str, bytes, bytes], list[Verdict]] = defaultdict(list)
    for one in verdicts:
        if choice.takes(one):
            groups[one.model.vendor, one.content, one.encoder].append(one)
    return [Chosen(one, main) for group in groups.values() for main in [_main(group, installed)] for one in group]


def _main(group: Sequence[Verdict], installed: Container[str]) -> Verdict:
    """Return whose name the file gets: that which has it already, that of the file's own name, else the first."""
    ordered = sorted(group, key=lambda one: one.model.name)
    there = [one for one in ordered if one.model.name in installed]
    named = [one for one in ordered if one.model.model in {base(one.model.file), valid(base(one.model.file))}]
    return (there or named or ordered)[0]
