"""Find decoders: the catalogue, installed packages, and a folder of the installer's own.

Listing reads file names only; a decoder is loaded when a device first needs it. What comes later wins: a file in the
configured folder replaces a decoder of the same name in a package, and that one of the catalogue.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from decoders import door
from decoders.changes import with_those_alike
from decoders.contract import Decoder, Encoder, NotNow
from decoders.places import COMPANIONS, KINDS, Place, in_folder, in_packages, name_of
from decoders.shelves import Shelves

if TYPE_CHECKING:
    from decoders.command_vectors import CommandVector
    from decoders.javascript.crew import Crew
    from decoders.vectors import Vector

CATALOGUE = Path(__file__).parent / "catalogue"


class UnknownDecoder(LookupError):
    """No decoder has this name."""


class BrokenDecoder(ValueError):
    """A decoder's file cannot be used: file, line, what is wrong."""


class DecoderNotNow(BrokenDecoder, NotNow):
    """A decoder cannot be used at the moment; that may pass without its file being changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What people want to know of a decoder before they choose it."""

    name: str
    title: str
    vendor: str
    kind: str  # table, python, javascript or package
    source: str  # where the format is published
    licence: str
    ports: tuple[int, ...]  # none named: any
    quantities: tuple[str, ...]
    revision: str


class Registry:
    """All decoders by name, each loaded when it is first asked for; any thread may ask.

    Who asks for one that is loaded waits for nobody; who asks for another waits while one is loaded.
    """

    def __init__(self, places: Mapping[str, Place], problems: Sequence[str] = (), folders: Sequence[Path] = ()) -> None:
        """Take what does not change while the process runs, and the folders that may."""
        self._shelves = Shelves(places, problems, folders)
        self._loaded: dict[str, Decoder] = {}
        self._before: dict[str, Decoder] = {}  # those loaded before the last look, where they are not loaded anew yet
        self._broken: dict[str, str] = {}
        self._crew: Crew | None = None
        self._loading: set[str] = set()  # to see one that is the same as itself in the end
        self._lock = threading.RLock()  # no limit: who has it reads files, and asks a worker, which has limits

    @classmethod
    def load(cls, folders: Sequence[Path] = (), *, entry_points: bool = True) -> Registry:
        """Return the registry of the catalogue, of installed packages and of ``folders``, the later the stronger."""
        places: dict[str, Place] = {}
        problems: list[str] = []
        places.update(in_folder(CATALOGUE, problems))
        if entry_points:
            places.update(in_packages(problems))
        return cls(places, problems, folders)

    @classmethod
    def of_file(cls, path: Path, folders: Sequence[Path] = ()) -> tuple[Registry, str]:
        """Return a registry that knows the decoder in ``path`` besides all others, and what it is called there.

        The file may lie anywhere; what is not beside it is not needed. Raises UnknownDecoder where it is of no kind.
        """
        if path.suffix not in KINDS:
            raise UnknownDecoder(f"{path}: a decoder is a file that ends in {', '.join(KINDS)}")
        places: dict[str, Place] = {}
        for folder in (CATALOGUE, *folders):
            places.update(in_folder(folder, []))
        name = name_of(path)
        return cls({**places, name: path}), name

    def close(self) -> None:
        """End what decoders have running: the worker processes of JavaScript ones. They decode nothing from then on."""
        if self._crew is not None:
            self._crew.close()

    def _workers(self) -> Crew:
        if self._crew is None:
            from decoders.javascript.crew import Crew  # it carries subprocess: for those who have JavaScript

            self._crew = Crew()
        return self._crew

    def look_again(self) -> bool:
        """Tell whether a file in the installer's folders has changed, come or gone; if so, load what it changes when asked.

        Reads names and stamps only. A folder that cannot be read (a disk that is away) takes no decoder along (`unread`), and a
        file that cannot be used any more leaves the decoder that it was in use (`broken`).
        """
        found = self._shelves.look()
        if found is None:
            return False
        with self._lock:
            places = self._shelves.places
            touched = self._shelves.renew(found).touched(self._loaded, places, self._shelves.places)
            for name in with_those_alike(self._loaded, touched | self._broken.keys()) & self._loaded.keys():
                self._before[name] = self._loaded.pop(name)
            self._broken.clear()
            self._before = {name: one for name, one in self._before.items() if name in self._shelves.places}
        return True

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Take the installer's decoders from these folders from the next look on."""
        self._shelves.folders = tuple(folders)

    def unread(self) -> str:
        """Return why the installer's folders could not be read at the last look, "" where they could."""
        return self._shelves.unread

    def broken(self) -> Mapping[str, str]:
        """Return which decoders are still what they were, for their files were changed and cannot be used; and why."""
        return dict(self._broken)

    def names(self) -> tuple[str, ...]:
        """Return the names of all decoders, sorted; nothing is loaded for it."""
        return tuple(sorted(self._shelves.places))

    def names_in(self, folder: Path) -> tuple[str, ...]:
        """Return the names of the decoders whose files lie below ``folder``, sorted."""
        places = sorted(self._shelves.places.items())
        return tuple(name for name, place in places if isinstance(place, Path) and place.is_relative_to(folder))

    def get(self, name: str) -> Decoder:
        """Return the decoder ``name``; raises UnknownDecoder or BrokenDecoder, both in words for people."""
        decoder = self._loaded.get(name)
        if decoder is not None:
            return decoder
        with self._lock:
            return self._loaded[name] if name in self._loaded else self._loaded_now(name)

    def _loaded_now(self, name: str) -> Decoder:
        if name in self._loading:
            raise UnknownDecoder(f"{name} leads back to itself")
        self._loading.add(name)
        try:
            decoder = self._loaded[name] = self._load_or_keep(name)
        finally:
            self._loading.discard(name)
        return decoder

    def encoder(self, name: str) -> Encoder | None:
        """Return what tells the devices of the decoder ``name`` something; None where nobody wrote it. Raises as `get` does."""
        from decoders import loading

        decoder, place = self.get(name), self._place(name)
        try:
            found = loading.encoder(name, place, decoder, self._workers)
        except ValueError as error:
            raise BrokenDecoder(str(error)) from error
        inner = loading.without_metadata(decoder)
        if found is None and isinstance(inner, loading.SameAs):
            return self.encoder(inner.other.name)
        return found

    def describe(self, name: str) -> Description:
        """Return what is known of the decoder ``name``; raises as `get` does."""
        from decoders import loading

        decoder, place = self.get(name), self._place(name)
        kind = KINDS[place.suffix] if isinstance(place, Path) else "package"
        facts = loading.facts(decoder)
        return Description(
            name=name,
            title=facts.title or name,
            vendor=name.split("/", maxsplit=1)[0],
            kind=kind,
            source=facts.source,
            licence=facts.licence,
            ports=facts.ports,
            quantities=facts.quantities,
            revision=decoder.revision,
        )

    def vectors(self, name: str) -> tuple[Vector, ...]:
        """Return the vectors beside the decoder ``name``, or in its table; none when it has none."""
        from decoders import vectors

        return tuple(one for path in self._vector_files(name) for one in vectors.load(path))

    def command_vectors(self, name: str) -> tuple[CommandVector, ...]:
        """Return the commands that stand among the vectors of the decoder ``name``; none when there are none."""
        from decoders import command_vectors

        return tuple(one for path in self._vector_files(name) for one in command_vectors.load(path))

    def table_problems(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with the table of the decoder ``name`` besides its working; none where it is no table."""
        from decoders import folder_check

        place = self._place(name)
        return tuple(folder_check.table_problems(place)) if isinstance(place, Path) else ()

    def message_problems(self, name: str) -> tuple[str, ...]:
        """Return where a table's own ``test_vectors`` of downlinks say other octets than its fields do; none where it is no table."""
        from decoders import command_vectors

        place = self._place(name)
        if not isinstance(place, Path) or place.suffix != ".yaml":
            return ()
        return tuple(command_vectors.message_problems(place))

    def where(self, name: str) -> str:
        """Return the file, or the entry point, that the decoder ``name`` is."""
        place = self._place(name)
        return str(place) if isinstance(place, Path) else f"{place.value} (a package)"

    def _vector_files(self, name: str) -> list[Path]:
        place = self._place(name)
        if not isinstance(place, Path):
            return []
        beside = place.with_name(f"{place.stem}{COMPANIONS[0]}")
        return [beside] if beside.exists() else [place] if place.suffix == ".yaml" else []

    def problems(self) -> list[str]:
        """Return every problem of the decoders that the installer brought, one line each; those are loaded for it.

        Their vectors are run: each that fails has its line. Files that nothing reads have theirs.
        """
        from decoders.folder_check import strays

        found = [*self._shelves.problems, *(line for folder in self._shelves.folders for line in strays(folder))]
        for name, place in self._shelves.places.items():
            if isinstance(place, Path) and place.is_relative_to(CATALOGUE):
                continue
            try:
                found += self._disagreements(name, place)
            except (BrokenDecoder, UnknownDecoder) as error:
                found.append(str(error))
        return found

    def _disagreements(self, name: str, place: Place) -> list[str]:
        """Return where a decoder and its vectors say different things."""
        from decoders import folder_check

        decoder, encoder = self.get(name), self.encoder(name)
        if not isinstance(place, Path):
            return []
        try:
            wrong = [
                line
                for path in self._vector_files(name)
                for line in folder_check.vector_problems(path, decoder, encoder)
            ]
            return [*folder_check.table_problems(place), *wrong]
        except ValueError as error:
            raise BrokenDecoder(str(error)) from error

    def _place(self, name: str) -> Place:
        try:
            return self._shelves.places[name]
        except KeyError:
            near = get_close_matches(name, self._shelves.places, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UnknownDecoder(f"there is no decoder {name!r}{hint}") from None

    def _load_or_keep(self, name: str) -> Decoder:
        """Return the decoder that its file is now, or the one that it was if that cannot be used."""
        try:
            decoder = self._load(name)
        except BrokenDecoder as error:
            if name not in self._before:
                raise
            self._broken[name] = str(error)
            return self._before[name]
        self._before.pop(name, None)
        return decoder

    def _load(self, name: str) -> Decoder:
        from decoders import loading

        place = self._place(name)
        try:
            return loading.load(name, place, self.get, self._workers)
        except NotNow as error:
            raise DecoderNotNow(str(error)) from error
        except ValueError as error:
            raise BrokenDecoder(str(error)) from error
        except Exception as error:  # a file of anybody's: whatever it does to us, the others work
            raise BrokenDecoder(f"{place}: {door.in_words(error)}") from error
