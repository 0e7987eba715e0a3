"""Make a decoder of a file or of a package's entry point; a broken one is a ValueError with file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from decoders import door, python_file
from decoders.contract import Decoded, DecodeError, Decoder, Encoder, Payload
from decoders.places import content
from decoders.python_file import Facts, PythonDecoder, PythonEncoder
from decoders.vocabulary.persons import are_personal

if TYPE_CHECKING:
    from decoders.javascript.crew import Crew
    from decoders.mapped import Mapped
    from decoders.payload_schema.document import Mapping

Get = Callable[[str], Decoder]
GetCrew = Callable[[], "Crew"]

COMPANION = ".commands.py"  # beside a model's file: what may be told to the device
OF_ALL = "_all"  # in a model's place: what may be told to all of a vendor's devices that have no such file of their own
CODEC_COMPANION = ".commands.js"  # the same, of a vendor who publishes his encoder as a file of its own
METADATA = ".meta.yaml"  # beside it, too: what its fields mean


@dataclass(frozen=True, slots=True, kw_only=True)
class SameAs:
    """A model that sends what another model sends; ``quantities`` where it has not all of the other's sensors."""

    name: str
    title: str
    other: Decoder
    quantities: tuple[str, ...] = ()
    personal: bool = False

    @property
    def is_personal(self) -> bool:
        """Tell whether it tells of persons wherever its device hangs; of the other's quantities its own alone count."""
        quantities = self.quantities or facts(self.other).quantities
        return are_personal(quantities, declared=self.personal)

    @property
    def revision(self) -> str:
        """Return the other's."""
        return self.other.revision

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        return self.other.decode(payload)

    async def decode_all(self, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
        """Return what each payload says, in order, or why it cannot be read."""
        return await door.decode_all(self.other, payloads)


def load(name: str, place: Path | EntryPoint, get: Get, crew: GetCrew) -> Decoder:
    """Return the decoder at ``place``; ``get`` finds the one that another is the same as. Raises ValueError.

    ``crew`` gives the workers that run JavaScript; it is asked only for such a decoder.
    """
    if isinstance(place, EntryPoint):
        return _packaged(name, place)
    if place.suffix == ".js":
        from decoders.javascript import decoder as javascript  # paid for by those who have some

        return javascript.load(place, name, _read(place), crew())
    return _with_metadata(_of_file(name, place, get), place)


def _of_file(name: str, place: Path, get: Get) -> Decoder:
    content = _read(place)
    revision = _revision(place, content)
    if place.suffix == ".py":
        return python_file.decoder(name, revision, python_file.run(name, place, content), str(place))
    from decoders.payload_schema import document  # reading YAML is paid for by those who have tables
    from decoders.table import compile_table

    table = document.read(place)
    return _same_as(name, table, get) if "same_as" in table else compile_table(table, name, revision)


def _revision(place: Path, content: bytes) -> str:
    """Return the hash of a decoder's file, and of what it shares with its vendor's others (``_*.py``) if it imports that."""
    parts = [content]
    if f"decoders.catalogue.{place.parent.name}".encode() in content:
        parts += [_read(shared) for shared in sorted(place.parent.glob("_*.py")) if not shared.name.endswith(COMPANION)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def _with_metadata(decoder: Decoder, place: Path) -> Decoder:
    if not place.with_name(f"{place.stem}{METADATA}").exists():
        return decoder
    from decoders.mapped import with_metadata  # paid for by those who have some

    return with_metadata(decoder, place)


def without_metadata(decoder: Decoder) -> Decoder:
    """Return what the decoder's own file is."""
    from decoders.mapped import Mapped

    return decoder.inner if isinstance(decoder, Mapped) else decoder


def encoder(name: str, place: Path | EntryPoint, decoder: Decoder, crew: GetCrew) -> Encoder | None:
    """Return the encoder of ``decoder``: a companion beside its file, else its own, else that of the model it is the same as.

    None where there is none; raises ValueError where its file is broken. ``crew`` as in `load`.
    """
    companion = _companion(place) if isinstance(place, Path) else None
    if companion is not None:
        module = python_file.run(f"{name}.commands", companion, _read(companion))
        return PythonEncoder(name, python_file.function(module, python_file.ENCODE, str(companion)))
    codec = place.with_name(f"{place.stem}{CODEC_COMPANION}") if isinstance(place, Path) else None
    if codec is not None and codec.exists():
        from decoders.javascript import decoder as javascript

        return javascript.load(codec, name, _read(codec), crew()).encoder()
    decoder = without_metadata(decoder)
    from decoders.table import Table

    match decoder:
        case Table() if isinstance(place, Path):
            return _of_table(name, place)
        case PythonDecoder(encode=function):
            return None if function is None else PythonEncoder(name, function)
        case _ if callable(made := getattr(decoder, "encoder", None)):
            of_codec: Encoder | None = made()  # of a JavaScript codec
            return of_codec
        case _ if callable(function := getattr(decoder, "encode", None)):
            return PythonEncoder(name, function)  # of a package
        case _:
            return None


def _companion(place: Path) -> Path | None:
    """Return the file that tells the model's devices something: its own, else the one for all of its vendor's."""
    both = (place.with_name(f"{place.stem}{COMPANION}"), place.with_name(f"{OF_ALL}{COMPANION}"))
    return next((path for path in both if path.exists()), None)


def _of_table(name: str, place: Path) -> Encoder | None:
    from decoders.payload_schema import document
    from decoders.payload_schema.encoding import compile_encoder

    return compile_encoder(document.read(place), name)


def facts(decoder: Decoder) -> Facts:
    """Return what the file of ``decoder`` says about itself."""
    from decoders.javascript.decoder import JavaScriptDecoder
    from decoders.mapped import Mapped
    from decoders.table import Table

    match decoder:
        case JavaScriptDecoder():
            return Facts(
                title=decoder.metadata.description,
                source=decoder.metadata.source,
                licence=decoder.metadata.licence,
                ports=decoder.metadata.ports,
                quantities=decoder.mapping.quantities,
                personal=decoder.metadata.personal,
            )
        case Mapped():
            return _as_said(facts(decoder.inner), decoder)
        case PythonDecoder():
            return decoder.facts
        case SameAs():
            own = facts(decoder.other)
            return replace(
                own, title=decoder.title, quantities=decoder.quantities or own.quantities, personal=decoder.personal
            )
        case Table():
            return Facts(
                title=decoder.title.partition("\n")[0],
                source=decoder.source,
                licence=decoder.licence,
                ports=decoder.ports,
                quantities=tuple(sorted({one.quantity for one in decoder.stated})),
                personal=decoder.personal,
            )
        case _:
            return Facts()


def _as_said(own: Facts, decoder: Mapped) -> Facts:
    """Return the facts of a decoder's own file, with those that its metadata knows better."""
    said = decoder.metadata
    return Facts(
        title=said.description or own.title,
        source=said.source or own.source,
        licence=said.licence or own.licence,
        ports=said.ports or own.ports,
        quantities=tuple(sorted({*own.quantities, *decoder.mapping.quantities})),
        personal=own.personal or said.personal,
    )


def _same_as(name: str, table: Mapping, get: Get) -> SameAs:
    table.only(
        {"name", "same_as", "description", "quantities", "personal"}, (), "a decoder that is the same as another"
    )
    other = str(table["same_as"])
    if other == name:
        raise table.wrong("same_as names itself")
    try:
        found = get(other)
    except LookupError as error:
        raise table.wrong(f"same_as: {error}") from error
    title = str(table.get("description", name))
    known = facts(found)
    personal = table.truth("personal", absent=known.personal)
    return SameAs(name=name, title=title, other=found, quantities=_narrowed(table, known.quantities), personal=personal)


def _narrowed(table: Mapping, known: Sequence[str]) -> tuple[str, ...]:
    """Return the quantities that a model names of those ``known`` of the other, () where it names none; raises TableError."""
    given = table.get("quantities", [])
    if not isinstance(given, list) or (strange := [one for one in given if one not in known]):
        named = f"{strange[0]!r} is none of" if isinstance(given, list) else "it is a list of some of"
        raise table.wrong(f"quantities: {named} {', '.join(known)}", "quantities")
    return tuple(sorted(given))


def _read(path: Path) -> bytes:
    try:
        return content(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def _packaged(name: str, point: EntryPoint) -> Decoder:
    where = f"entry point {name!r} = {point.value}"
    try:
        found: Any = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a package may raise anything while it is imported
        raise ValueError(f"{where}: {door.in_words(error)}") from error
    if isinstance(found, ModuleType):
        file = Path(found.__file__ or "")
        content = file.read_bytes() if file.is_file() else b""
        return python_file.decoder(name, hashlib.sha256(content).hexdigest()[:12], found, where)
    if not all(hasattr(found, part) for part in ("name", "revision", "decode")):
        raise ValueError(f"{where}: a module with decode(payload), or a Decoder, is expected")
    decoder: Decoder = found
    return decoder
