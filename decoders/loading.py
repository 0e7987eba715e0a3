"""Make a decoder of a file or of a package's entry point; a broken one is a ValueError with file and line."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload

if TYPE_CHECKING:
    from decoders.payload_schema.document import Mapping

Decode = Callable[[Payload], Decoded]
Get = Callable[[str], Decoder]


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

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        return self.function(payload)


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


def load(name: str, place: Path | EntryPoint, get: Get) -> Decoder:
    """Return the decoder at ``place``; ``get`` finds the one that another is the same as. Raises ValueError."""
    if isinstance(place, EntryPoint):
        return _packaged(name, place)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ValueError(f"{place}: {error.strerror}") from error
    revision = hashlib.sha256(content).hexdigest()[:12]
    if place.suffix == ".py":
        return _python(name, revision, _module(name, place), str(place))
    from decoders.payload_schema import document  # reading YAML is paid for by those who have tables
    from decoders.table import compile_table

    table = document.read(place)
    return _same_as(name, table, get) if "same_as" in table else compile_table(table, name, revision)


def facts(decoder: Decoder) -> Facts:
    """Return what the file of ``decoder`` says about itself."""
    from decoders.table import Table

    match decoder:
        case PythonDecoder():
            return decoder.facts
        case SameAs():
            return replace(facts(decoder.other), title=decoder.title)
        case Table():
            return Facts(
                title=decoder.title.splitlines()[0],
                source=decoder.source,
                licence=decoder.licence,
                ports=decoder.ports,
                quantities=tuple(sorted({one.quantity for one in decoder.stated})),
            )
        case _:
            return Facts()


def _same_as(name: str, table: Mapping, get: Get) -> SameAs:
    table.only({"name", "same_as", "description"}, (), "a decoder that is the same as another")
    other = str(table["same_as"])
    if other == name:
        raise table.wrong("same_as names itself")
    try:
        found = get(other)
    except LookupError as error:
        raise table.wrong(f"same_as: {error}") from error
    except RecursionError as error:
        raise table.wrong(f"same_as: {other} leads back here") from error
    return SameAs(name=name, title=str(table.get("description", name)), other=found)


def _module(name: str, path: Path) -> ModuleType:
    """Run the file as a module of its own name; whatever it raises becomes one line for people."""
    module_name = f"decoders.loaded.{re.sub(r'[^a-z0-9]', '_', name)}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path}: this is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # a dataclass looks its module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a vendor's file may raise anything while it is run for the first time
        del sys.modules[module_name]
        raise ValueError(f"{path} line {_line(error, path)}: {type(error).__name__}: {_words(error)}") from error
    return module


def _line(error: Exception, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or 1


def _words(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _python(name: str, revision: str, module: ModuleType, where: str) -> PythonDecoder:
    function = getattr(module, "decode", None)
    if not callable(function):
        raise ValueError(  # noqa: TRY004 - a file without its function is a broken file, not a wrong type
            f"{where} line 1: a function decode(payload: Payload) -> Decoded is expected"
        )
    return PythonDecoder(name=name, revision=revision, function=function, facts=_python_facts(module))


def _python_facts(module: ModuleType) -> Facts:
    text = (module.__doc__ or "").strip()
    return Facts(
        title=text.splitlines()[0] if text else "",
        source=str(getattr(module, "SOURCE", "")),
        licence=str(getattr(module, "LICENCE", "")),
        ports=tuple(getattr(module, "PORTS", ())),
        quantities=tuple(sorted(getattr(module, "QUANTITIES", ()))),
    )


def _packaged(name: str, point: EntryPoint) -> Decoder:
    where = f"entry point {name!r} = {point.value}"
    try:
        found: Any = point.load()
    except Exception as error:  # a package may raise anything while it is imported
        raise ValueError(f"{where}: {type(error).__name__}: {error}") from error
    if isinstance(found, ModuleType):
        file = Path(found.__file__ or "")
        content = file.read_bytes() if file.is_file() else b""
        return _python(name, hashlib.sha256(content).hexdigest()[:12], found, where)
    if not all(hasattr(found, part) for part in ("name", "revision", "decode")):
        raise ValueError(f"{where}: a module with decode(payload), or a Decoder, is expected")
    decoder: Decoder = found
    return decoder
