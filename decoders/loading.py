"""Make a decoder of a file or of a package's entry point; a broken one is a ValueError with file and line."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from decoders import door
from decoders.contract import (
    Command,
    Decoded,
    DecodeError,
    Decoder,
    DecodeReason,
    Encoded,
    EncodeError,
    Encoder,
    EncodeReason,
    Payload,
)

if TYPE_CHECKING:
    from decoders.javascript.crew import Crew
    from decoders.mapped import Mapped
    from decoders.payload_schema.document import Mapping

Decode = Callable[[Payload], Decoded]
Encode = Callable[[Command], Encoded]
Get = Callable[[str], Decoder]
GetCrew = Callable[[], "Crew"]
T = TypeVar("T")

COMPANION = ".commands.py"  # beside a model's file: what may be told to the device
OF_ALL = "_all"  # in a model's place: what may be told to all of a vendor's devices that have no such file of their own
CODEC_COMPANION = ".commands.js"  # the same, of a vendor who publishes his encoder as a file of its own
METADATA = ".meta.yaml"  # beside it, too: what its fields mean
ENCODE = "encode(command: Command) -> Encoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decoder's file says about itself."""

    title: str = ""
    source: str = ""
    licence: str = ""
    ports: tuple[int, ...] = ()
    quantities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDecoder:
    """A module's ``decode`` function, which is a decoder."""

    name: str
    revision: str
    function: Decode
    facts: Facts
    encode: Encode | None = None  # where the same file tells its device something, too

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        return self.function(payload)


@dataclass(frozen=True, slots=True)
class PythonEncoder:
    """A module's ``encode`` function, which is an encoder."""

    name: str
    function: Encode

    def encode(self, command: Command) -> Encoded:
        """Return ``command`` as octets; raise EncodeError and nothing else."""
        try:
            encoded = self.function(command)
        except (EncodeError, *door.PASSING):
            raise
        except BaseException as error:  # a vendor's code broke its promise, SystemExit too; nothing was sent
            raise EncodeError(EncodeReason.FAILED, door.in_words(error)) from error
        if not isinstance(encoded, Encoded):
            raise EncodeError(EncodeReason.FAILED, f"{encoded!r} where an Encoded is expected")
        return encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class SameAs:
    """A model that sends what another model sends."""

    name: str
    title: str
    other: Decoder

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
        return _python(name, revision, _module(name, place, content), str(place))
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
        module = _module(f"{name}.commands", companion, _read(companion))
        return PythonEncoder(name, _function(module, ENCODE, str(companion)))
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
            )
        case Mapped():
            return _as_said(facts(decoder.inner), decoder)
        case PythonDecoder():
            return decoder.facts
        case SameAs():
            return replace(facts(decoder.other), title=decoder.title)
        case Table():
            return Facts(
                title=decoder.title.partition("\n")[0],
                source=decoder.source,
                licence=decoder.licence,
                ports=decoder.ports,
                quantities=tuple(sorted({one.quantity for one in decoder.stated})),
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
    )


def _same_as(name: str, table: Mapping, get: Get) -> SameAs:
    table.only({"name", "same_as", "description"}, (), "a decoder that is the same as another")
    other = str(table["same_as"])
    if other == name:
        raise table.wrong("same_as names itself")
    try:
        found = get(other)
    except LookupError as error:
        raise table.wrong(f"same_as: {error}") from error
    return SameAs(name=name, title=str(table.get("description", name)), other=found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


class _Content(importlib.abc.ExecutionLoader):
    """Load a module from what was read: what runs is what its revision is the hash of.

    Python's own loader reads again, and believes a compiled copy of the same second and size.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._content = content

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - of the protocol
        """Return the file's path, for traces."""
        return str(self._path)

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 - of the protocol
        """Return the file's text."""
        return importlib.util.decode_source(self._content)

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002 - of the protocol
        """Return that it is none."""
        return False


def _module(name: str, path: Path, content: bytes) -> ModuleType:
    """Run the file as a module of its own name; whatever it raises becomes one line for people."""
    module_name = f"decoders.loaded.{re.sub(r'[^a-z0-9]', '_', name)}"
    loader = _Content(path, content)
    spec = importlib.util.spec_from_file_location(module_name, path, loader=loader)
    if spec is None:
        raise ValueError(f"{path}: this is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # a dataclass looks its module up there
    try:
        loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except (
        BaseException
    ) as error:  # a vendor's file may raise anything while it is run for the first time, SystemExit too
        del sys.modules[module_name]
        raise ValueError(f"{path} line {_line(error, path)}: {_words(error)}") from error
    return module


def _line(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or 1


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error.msg}" if isinstance(error, SyntaxError) else door.in_words(error)


def _python(name: str, revision: str, module: ModuleType, where: str) -> PythonDecoder:
    return PythonDecoder(
        name=name,
        revision=revision,
        function=_function(module, "decode(payload: Payload) -> Decoded", where),
        facts=_python_facts(module, where),
        encode=getattr(module, "encode", None),
    )


def _function(module: ModuleType, signature: str, where: str) -> Callable[[Any], Any]:
    function: Any = getattr(module, signature.partition("(")[0], None)
    if not callable(function):
        raise ValueError(f"{where} line 1: a function {signature} is expected")  # noqa: TRY004 - a broken file, no wrong type
    found: Callable[[Any], Any] = function
    return found


def _python_facts(module: ModuleType, where: str) -> Facts:
    text = str(module.__doc__ or "").strip()
    return Facts(
        title=text.splitlines()[0] if text else "",
        source=str(getattr(module, "SOURCE", "")),
        licence=str(getattr(module, "LICENCE", "")),
        ports=_all_of(int, module, "PORTS", where),
        quantities=tuple(sorted(_all_of(str, module, "QUANTITIES", where))),
    )


def _all_of(kind: type[T], module: ModuleType, name: str, where: str) -> tuple[T, ...]:
    found: Any = getattr(module, name, ())
    if not isinstance(found, tuple | list | set | frozenset) or not all(isinstance(one, kind) for one in found):
        raise ValueError(f"{where} line 1: {name} is {found!r}; a tuple of {kind.__name__} is expected")
    return tuple(found)


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
        return _python(name, hashlib.sha256(content).hexdigest()[:12], found, where)
    if not all(hasattr(found, part) for part in ("name", "revision", "decode")):
        raise ValueError(f"{where}: a module with decode(payload), or a Decoder, is expected")
    decoder: Decoder = found
    return decoder
