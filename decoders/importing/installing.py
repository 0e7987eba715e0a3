"""Lay the chosen models out in a folder of decoders: vendors' files byte for byte, metadata and vectors beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from decoders.importing import writing
from decoders.importing.choosing import Chosen
from decoders.importing.origin import Origin
from decoders.importing.verdict import Verdict
from decoders.loading import CODEC_COMPANION
from decoders.places import COMPANIONS, KINDS


class Deed(StrEnum):
    """What was done with a model, or would be."""

    INSTALLED = "installed"
    UPDATED = "updated"
    UNCHANGED = "is there already"
    KEPT = "kept as it is there"
    REFUSED = "not installed"
    FAILED = "could not be written"


@dataclass(frozen=True, slots=True)
class Part:
    """One file to be written, and whether a person may have made it his own."""

    path: Path
    content: bytes
    is_editable: bool = False


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done with a model; ``detail`` says why, where that is not plain."""

    verdict: Verdict
    deed: Deed
    detail: str = ""

    @property
    def is_there(self) -> bool:
        """Tell whether the model can be used now, whoever installed it."""
        return self.deed not in {Deed.REFUSED, Deed.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where models are installed, and how."""

    into: Path
    origin: Origin
    force: bool = False  # write over what is there already
    dry_run: bool = False  # write nothing; say what would be

    def install(self, chosen: Chosen, readings: str) -> Installed:
        """Write a model's files, its metadata with ``readings``; raises nothing: what went wrong is said."""
        verdict = chosen.verdict
        parts = self._parts(chosen, readings)
        codec = parts[-1]
        if clash := self._clash(codec.path):
            return Installed(verdict, Deed.REFUSED, f"{clash} has its name; one of the two must go")
        there = _content(codec.path)
        if there is not None and there != codec.content and not self.force:
            return Installed(verdict, Deed.KEPT, f"{codec.path.name} differs; --force writes over it")
        return self._write(verdict, parts, there)

    def _parts(self, chosen: Chosen, readings: str) -> list[Part]:
        """Return the files of a model, the codec last: whoever watches the folder finds the rest there already."""
        verdict, model = chosen.verdict, chosen.verdict.model
        place = self.into / model.vendor
        parts = []
        if vectors := writing.vectors(verdict, self.origin):
            parts.append(Part(place / f"{model.model}{COMPANIONS[0]}", vectors.encode()))
        if chosen.is_alias:
            return [*parts, Part(place / f"{model.model}.yaml", writing.alias(verdict, chosen.serves).encode())]
        said = writing.marked(writing.metadata_head(verdict, self.origin) + readings)
        if verdict.encoder:
            parts.append(Part(place / f"{model.model}{CODEC_COMPANION}", verdict.encoder))
        parts.append(Part(place / f"{model.model}.meta.yaml", said.encode(), is_editable=True))
        return [*parts, Part(place / f"{model.model}{ending(verdict)}", verdict.content)]

    def _clash(self, codec: Path) -> str:
        others = (codec.with_name(f"{codec.stem}{kind}") for kind in KINDS if kind != codec.suffix)
        return next((str(path) for path in others if path.exists()), "")

    def _write(self, verdict: Verdict, parts: Sequence[Part], there: bytes | None) -> Installed:
        codec, details = parts[-1], []
        try:
            for part in parts:
                found = _content(part.path)
                if found is not None and part.is_editable and writing.was_edited(found.decode("utf-8", "replace")):
                    details += [f"{part.path.name} was edited and stays"] if found != part.content else []
                elif (found is None or self.force or there != codec.content) and found != part.content:
                    self._put(part)
        except OSError as error:
            return Installed(verdict, Deed.FAILED, f"{error.filename or codec.path}: {error.strerror}")
        deed = Deed.INSTALLED if there is None else Deed.UNCHANGED if there == codec.content else Deed.UPDATED
        return Installed(verdict, deed, "; ".join(details))

    def _put(self, part: Part) -> None:
        """Write a file whole: an agent that watches the folder never reads half of it."""
        if self.dry_run:
            return
        part.path.parent.mkdir(parents=True, exist_ok=True)
        half = part.path.with_name(f".{part.path.name}.new")
        half.write_bytes(part.content)
        half.replace(part.path)


def ending(verdict: Verdict) -> str:
    """Return what the installed codec's file ends in."""
    return ".yaml" if verdict.model.file.endswith((".yaml", ".yml")) else ".js"


def installed_names(into: Path) -> frozenset[str]:
    """Return the names in the folder that a file of their own serves, whoever wrote it."""
    return frozenset(_own_files(into))


def _own_files(into: Path) -> Iterator[str]:
    for path in into.glob("*/*.js"):
        yield f"{path.parent.name}/{path.stem}"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return b""  # something that cannot be read lies there: it is not ours to pass over in silence
