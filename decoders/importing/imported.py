"""Import a tree: read it, run its examples, install what is good, and tell all of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decoders.importing import choosing, meaning, proof, reading
from decoders.importing.choosing import Choice, Chosen
from decoders.importing.installing import Deed, Installation, Installed, installed_names
from decoders.importing.notation import NOT_READ
from decoders.importing.origin import Origin, origin_of
from decoders.importing.readers.found import too_odd
from decoders.importing.tree import open_tree
from decoders.importing.verdict import Standing, Verdict

Told = Callable[[int, int], None]  # how many models are proved, and of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of importing a tree."""

    place: Path
    into: Path
    origin: Origin
    verdicts: tuple[Verdict, ...]  # one a name
    installed: tuple[Installed, ...]  # of those that were chosen
    notes: tuple[str, ...]  # what could not be read, and names that two files wanted

    @property
    def is_failure(self) -> bool:
        """Tell whether nothing could be imported, or a file could not be written."""
        failed = any(one.deed is Deed.FAILED for one in self.installed)
        return failed or not any(one.is_there for one in self.installed)

    def standings(self) -> Counter[Standing]:
        """Return how many models stand how."""
        return Counter(one.standing for one in self.verdicts)


async def import_tree(
    place: Path,
    into: Path,
    choice: Choice,
    *,
    vendor: str = "",
    force: bool = False,
    dry_run: bool = False,
    told: Told = lambda _, __: None,
) -> Imported:
    """Import the tree at ``place`` (a folder or a single file) into the folder ``into``; raises Unreadable where it is neither.

    ``vendor`` names the vendor of codecs whose tree does not say it. With ``dry_run`` nothing is written.
    """
    tree = open_tree(place)
    origin = origin_of(tree.root)
    found = reading.read(tree, vendor=vendor)
    models = [one for one in found.models if not choice.vendors or one.vendor in choice.vendors]
    proved = await proof.prove(tree, models, lambda done: told(done, len(models)))
    verdicts, lost = choosing.one_a_name(proved)
    chosen = choosing.chosen(verdicts, choice, installed_names(into))
    how = Installation(into=into, origin=origin, force=force, dry_run=dry_run)
    return Imported(
        place=place,
        into=into,
        origin=origin,
        verdicts=tuple(sorted(verdicts, key=lambda one: one.model.name)),
        installed=tuple(_install(how, chosen)),
        notes=(*found.notes, *(note for one in verdicts for note in one.model.notes), *lost),
    )


def _install(how: Installation, chosen: Sequence[Chosen]) -> Iterable[Installed]:
    """Install the models whose file others use before those others."""
    served: dict[int, list[Verdict]] = defaultdict(list)
    for one in chosen:
        served[id(one.serves)].append(one.verdict)
    for one in sorted(chosen, key=lambda one: (one.is_alias, one.verdict.model.name)):
        yield _installed(how, one, served[id(one.verdict)])


def _installed(how: Installation, one: Chosen, served: Sequence[Verdict]) -> Installed:
    """Install a model; one that says what no file can hold, half a character in a text, costs no other."""
    try:
        return how.install(one, "" if one.is_alias else meaning.readings(served))
    except NOT_READ as error:
        return Installed(one.verdict, Deed.FAILED, too_odd(error))


def as_json(done: Imported) -> Mapping[str, Any]:
    """Return all that came of an import, for a report."""
    deeds = {one.verdict.model.name: one for one in done.installed}
    return {
        "tree": str(done.place),
        "origin": done.origin.of(""),
        "into": str(done.into),
        "summary": summary(done),
        "models": [_model(one, deeds.get(one.model.name)) for one in done.verdicts],
        "notes": list(done.notes),
    }


def summary(done: Imported) -> dict[str, int]:
    """Return the numbers of an import, each under its words."""
    outcomes = [one for verdict in done.verdicts for one in verdict.outcomes]
    return {
        "models": len(done.verdicts),
        "codecs": len({(one.model.vendor, one.content) for one in done.verdicts}),
        **{str(standing): done.standings()[standing] for standing in Standing},
        "examples": len(outcomes),
        "examples passed": sum(one.passed for one in outcomes),
        **{str(deed): count for deed in Deed if (count := sum(one.deed is deed for one in done.installed))},
    }


def _model(verdict: Verdict, installed: Installed | None) -> dict[str, Any]:
    model = verdict.model
    return {
        "name": model.name,
        "file": model.file,
        "form": model.form,
        "licence": model.licence,
        "description": model.description,
        "standing": str(verdict.standing),
        "says": str(verdict),
        "examples": len(verdict.outcomes),
        "passed": verdict.passed,
        "failures": [
            {
                "example": one.example.name,
                "kind": str(one.example.kind),
                "place": one.example.place,
                "payload": one.example.data.hex(),
                "problem": one.problem,
            }
            for one in verdict.failures
        ],
        "deed": str(installed.deed) if installed else None,
        "detail": installed.detail if installed else "",
        "notes": list(model.notes),
    }
