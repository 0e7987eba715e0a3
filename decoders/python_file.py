"""A decoder that is a Python file: it is run once, and its functions are the decoder and the encoder."""

from __future__ import annotations

import importlib.abc
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from decoders import door
from decoders.contract import (
    Command,
    Decoded,
    DecodeError,
    DecodeReason,
    Encoded,
    EncodeError,
    EncodeReason,
    Payload,
)
from decoders.vocabulary.persons import are_personal

Decode = Callable[[Payload], Decoded]
Encode = Callable[[Command], Encoded]
T = TypeVar("T")

ENCODE = "encode(command: Command) -> Encoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decoder's file says about itself."""

    title: str = ""
    source: str = ""
    licence: str = ""
    ports: tuple[int, ...] = ()
    quantities: tuple[str, ...] = ()
    personal: bool = False  # its device watches somebody or names him, whatever its quantities are


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonDecoder:
    """A module's ``decode`` function, which is a decoder."""

    name: str
    revision: str
    function: Decode
    facts: Facts
    encode: Encode | None = None  # where the same file tells its device something, too

    @property
    def is_personal(self) -> bool:
        """Tell whether it tells of persons wherever its device hangs."""
        return are_personal(self.facts.quantities, declared=self.facts.personal)

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


def run(name: str, path: Path, content: bytes) -> ModuleType:
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


def decoder(name: str, revision: str, module: ModuleType, where: str) -> PythonDecoder:
    """Return the decoder that ``module`` is; raises ValueError, which begins with ``where``."""
    return PythonDecoder(
        name=name,
        revision=revision,
        function=function(module, "decode(payload: Payload) -> Decoded", where),
        facts=_facts(module, where),
        encode=getattr(module, "encode", None),
    )


def function(module: ModuleType, signature: str, where: str) -> Callable[[Any], Any]:
    """Return the function of ``module`` that ``signature`` names; raises ValueError, which begins with ``where``."""
    found: Any = getattr(module, signature.partition("(")[0], None)
    if not callable(found):
        raise ValueError(f"{where} line 1: a function {signature} is expected")  # noqa: TRY004 - a broken file, no wrong type
    called: Callable[[Any], Any] = found
    return called


def _facts(module: ModuleType, where: str) -> Facts:
    text = str(module.__doc__ or "").strip()
    return Facts(
        title=_as_title(text),
        source=str(getattr(module, "SOURCE", "")),
        licence=str(getattr(module, "LICENCE", "")),
        ports=_all_of(int, module, "PORTS", where),
        quantities=tuple(sorted(_all_of(str, module, "QUANTITIES", where))),
        personal=_truth(module, "PERSONAL", where),
    )


def _truth(module: ModuleType, name: str, where: str) -> bool:
    found: Any = getattr(module, name, False)
    if not isinstance(found, bool):
        raise ValueError(f"{where} line 1: {name} is {found!r}; True or False is expected")  # noqa: TRY004 - a broken file
    return found


def _as_title(text: str) -> str:
    """Return a docstring's first line in the form that tables have: "Acme TH-1, air temperature and humidity"."""
    return text.partition("\n")[0].removesuffix(".").replace(": ", ", ", 1)


def _all_of(kind: type[T], module: ModuleType, name: str, where: str) -> tuple[T, ...]:
    found: Any = getattr(module, name, ())
    if not isinstance(found, tuple | list | set | frozenset) or not all(isinstance(one, kind) for one in found):
        raise ValueError(f"{where} line 1: {name} is {found!r}; a tuple of {kind.__name__} is expected")
    return tuple(found)
