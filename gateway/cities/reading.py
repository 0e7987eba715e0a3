"""Profiles and kinds of platforms, from TOML. The one place here that needs pydantic: a running agent never imports it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gateway.cities.fates import sentences
from gateway.cities.profile import (
    OF_A_PROFILE,
    OPTIONS_OF_A_CONNECTION,
    WAYS,
    Kind,
    Known,
    Profile,
    Said,
    Sure,
    Table,
)
from gateway.errors import ConfigError

OF_THE_INSTALLER: Final = "is the installer's, not a profile's, which anyone may have written: it belongs into cities/{}.toml or [[destination]]"


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds what is no printable character: one line of text is expected")
    return text


Text = Annotated[str, AfterValidator(_one_line)]  # it goes to terminals and into files
Words = Annotated[Text, Field(min_length=1)]


class _Keys(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Said(_Keys):
    en: Words
    sv: Words

    def said(self) -> Said:
        return Said(self.en, self.sv)


class _Known(_Said):
    about: Literal["platform", "operator", "protocol"]
    sure: Literal["fact", "inference", "unknown"]
    source: Text = ""
    year: Annotated[int, Field(ge=2000, le=2100)] | None = None

    def known(self) -> Known:
        return Known(about=self.about, sure=Sure(self.sure), says=self.said(), source=self.source, year=self.year)


class _Profile(_Keys):
    name: Words
    kind: Words
    code: Annotated[str, Field(pattern=r"^(\d{4})?$")] = ""
    platform: Text = ""
    operator: Text = ""
    destination: dict[str, Any] = {}
    known: list[_Known] = []
    ask: list[_Said] = []


_Statuses = list[int | Literal["silence"]]


class _Fates(_Keys):
    again: _Statuses = []
    refused: _Statuses = []
    tries: _Statuses = []
    delivered: _Statuses = []


class _Kind(_Keys):
    title: Words
    way: dict[Literal["http", "mqtt"], dict[str, Any]]
    fate: dict[Literal["http", "mqtt"], _Fates]
    policy: list[_Said] = []
    repetition: _Said
    ask: Annotated[list[_Said], Field(min_length=1)]
    source: Words


def read_profile(text: str, slug: str, file: str) -> Profile:
    """Return the profile that ``text`` is; ConfigError says all that is wrong with it, each line beginning with ``file``."""
    read = _read(_Profile, text, file)
    if wrong := [*_of_the_installer(read.destination)]:
        raise ConfigError([f"{file}: destination.{key}: {OF_THE_INSTALLER.format(slug)}" for key in wrong])
    return Profile(
        slug=slug,
        name=read.name,
        code=read.code,
        kind=read.kind,
        platform=read.platform,
        operator=read.operator,
        destination=read.destination,
        known=tuple(one.known() for one in read.known),
        asks=tuple(one.said() for one in read.ask),
        file=file,
    )


def read_kind(text: str, name: str, file: str) -> Kind:
    """Return the kind of platform that ``text`` is; ConfigError as `read_profile`."""
    read = _read(_Kind, text, file)
    if unsaid := read.way.keys() - read.fate.keys():
        raise ConfigError(f"{file}: [fate.{min(unsaid)}] is missing: what becomes of an uplink by the answer")
    fates = {way: fate.model_dump() for way, fate in read.fate.items()}
    return Kind(
        name=name,
        title=read.title,
        ways={way: table for way, table in read.way.items() if way in WAYS},
        fates=fates,
        policy=(*sentences(fates), *(one.said() for one in read.policy)),
        repetition=read.repetition.said(),
        asks=tuple(one.said() for one in read.ask),
        source=read.source,
    )


def _of_the_installer(destination: Table) -> Iterator[str]:
    yield from (key for key in destination if key not in OF_A_PROFILE)
    options = destination.get("options")
    if isinstance(options, dict):
        yield from (f"options.{key}" for key in options if key in OPTIONS_OF_A_CONNECTION)


def _read(keys: type[Any], text: str, file: str) -> Any:
    try:
        return keys.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError([f"{file}: {_dotted(one['loc'])}: {_in_words(one)}" for one in error.errors()]) from error


def _in_words(problem: Any) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return "there is no such key in a profile"
        case "missing":
            return "is missing"
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{problem['input']!r}: {words[:1].lower()}{words[1:]}"


def _dotted(loc: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")
