"""Answers as a file: read with every problem, a template of all questions, and what a dialogue answered. Pure but for secrets' files.

A secret never stands in it: `ID_file` names a file of one line, `ID_env` a variable.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.cities.profile import Said
from gateway.config.reading import did_you_mean
from gateway.errors import ConfigError
from gateway.model import Json
from gateway.setup.asking import Known, Question
from gateway.setup.device_questions import OWN
from gateway.setup.dialogue import Dialogue
from gateway.transports.secret import Secret

DEVICES: Final = "devices"
HEAD: Final = Said(
    "# Answers for `brygga init --answers FILE`. What is left out is as the question proposes it on that box.\n"
    "# No secrets here: ID_file names a file of one line beside this one, ID_env a variable of the environment.\n",
    "# Svar för `brygga init --answers FIL`. Det som saknas blir som frågan föreslår på den boxen.\n"
    "# Inga hemligheter här: ID_file är en fil med en rad bredvid denna, ID_env en miljövariabel.\n",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a file says: texts by question, and devices, each a label's text or a file's name."""

    texts: Mapping[str, str]
    devices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read(text: str, name: str, folder: Path, questions: Sequence[Question], environment: Mapping[str, str]) -> Given:
    """Return what a file of answers says, with every problem of it, a line each."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Given({}, problems=(f"{name}: not TOML: {error}",))
    asked = {one.id: one for one in questions if one.id not in OWN}
    texts: dict[str, str] = {}
    problems: list[str] = []
    for key, value in document.items():
        if key == DEVICES:
            continue
        try:
            said = _said(key, value, asked, folder, environment)
        except ValueError as error:
            problems.append(f"{name}: {key}: {error}")
        else:
            texts |= said
    devices = document.get(DEVICES, [])
    if not isinstance(devices, list) or not all(isinstance(one, str) for one in devices):
        problems.append(f'{name}: {DEVICES}: a list is right, such as ["devices.csv", "LW:D0:…"]')
        devices = []
    return Given(texts, tuple(devices), tuple(problems))


def _said(
    key: str, value: Json, asked: Mapping[str, Question], folder: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return one answer by its question; ValueError says what is wrong with it."""
    base, _, end = key.rpartition("_")
    if base in asked and asked[base].is_secret and end in {"file", "env"}:
        return {base: _from_file(value, folder) if end == "file" else _from_environment(value, environment)}
    if key not in asked:
        raise ValueError(f"there is no such question{did_you_mean(key, [*asked, DEVICES])}")
    if asked[key].is_secret:
        raise ValueError(f"no secret in an answers file; {key}_file or {key}_env is right")
    return {key: _plain(value)}


def _plain(value: Json) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_plain, value))
        case str() | int() | float():
            return str(value)
    raise ValueError("a text is right")


def _from_file(value: Json, folder: Path) -> str:
    try:
        return Secret.from_file(folder / str(value)).reveal()
    except ConfigError as error:
        raise ValueError("; ".join(error.problems)) from error


def _from_environment(value: Json, environment: Mapping[str, str]) -> str:
    if str(value) not in environment:
        raise ValueError(f"the environment has no {value}")
    return environment[str(value)]


# ── to a file ──


def template(known: Known, questions: Sequence[Question]) -> str:
    """Return a file of all questions, each with its words; what a box proposes itself is a comment."""
    return known.says(HEAD) + "".join(f"\n{block}\n" for block in _blocks(known, questions))


def _blocks(known: Known, questions: Sequence[Question]) -> Iterator[str]:
    for one in questions:
        if one.id == "device":
            helps = Said("labels' texts, and files of devices", "etiketters texter, och filer med enheter")
            yield f'# {known.says(helps)}\n# {DEVICES} = ["devices.csv"]'
        elif one.id not in OWN:
            yield "\n".join(_block(known, one))


def _block(known: Known, one: Question) -> Iterator[str]:
    yield f"# {known.says(one.text)}"
    yield f"#   {known.says(one.helps)}"
    if one.is_secret:
        yield f'# {one.id}_file = "{one.id.replace("_", ".")}"'
        return
    yield from (f"#   {option.key}: {known.says(option.title)}" for option in one.options(known))
    yield f"# {one.id} = {json.dumps(one.usual(known), ensure_ascii=False)}"


def saved(dialogue: Dialogue) -> str:
    """Return what was answered as a file, without secrets: it names the files that they are to be in."""
    known = dialogue.known
    lines = [known.says(HEAD)]
    for one in dialogue.answered():
        if one.id == "device":
            lines += [_devices(known)]
        elif one.is_secret:
            lines += [f"# {known.says(one.text)}", f'{one.id}_file = "{one.id.replace("_", ".")}"', ""]
        elif one.id not in {*OWN, "mode"}:
            value = json.dumps(known.given(one.id), ensure_ascii=False)
            lines += [f"# {known.says(one.text)}", f"{one.id} = {value}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _devices(known: Known) -> str:
    """Return the devices that can stand in such a file: labels without keys, and files."""
    some = [one.get("file") or one["dev_eui"] for one in known.devices]
    why = Said(
        "keys and names belong into a CSV: brygga device export",
        "nycklar och namn hör hemma i en CSV: brygga device export",
    )
    return f"# {known.says(why)}\n{DEVICES} = {json.dumps(some, ensure_ascii=False)}\n"
