"""What a platform asks of a device, and what it is told of it. Sans-I/O.

bytes on a topic ─► read ─► Asked, or Refusal with all that is wrong in words, or None: it is no command
CommandState ─► state_request ─► JSON on the state topic
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from gateway.formats import Shape
from gateway.formats.command_platforms import from_azure, from_thingsboard, is_answer, to_azure, to_thingsboard
from gateway.formats.command_shapes import (
    LONGEST_REFERENCE,
    PRIORITIES,
    Brygga,
    ChirpStack,
    Table,
    TheThingsStack,
    TheThingsStackDownlink,
)
from gateway.model import CommandState, Eui64, Json, Request, TimeQuality, eui64

CHIRPSTACK_TOPIC: Final = re.compile(r"(?:^|/)device/([0-9a-fA-F]{16})/command/down$")
THE_THINGS_TOPIC: Final = re.compile(r"(?:^|/)devices/([^/]+)/down/(push|replace)$")
EUI_NAME: Final = re.compile(r"eui-([0-9a-fA-F]{16})")  # what The Things Stack calls devices by itself


@dataclass(frozen=True, slots=True)
class Whom:
    """The device that is meant: its DevEUI, or what people call it."""

    dev_eui: Eui64 | None
    name: str = ""

    def __str__(self) -> str:
        return self.dev_eui or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that a device is to be told: octets for a port, or ``fields`` for its encoder."""

    f_port: int | None  # None: the encoder knows
    payload: bytes | None
    fields: Mapping[str, Json] | None
    confirmed: bool = False
    priority: int = 0
    expires_in: timedelta | None = None
    expires_at: datetime | None = None
    reference: str = ""
    is_known_by_reference: bool = True  # a second command with the same reference is the same command


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one message asks for."""

    whom: Whom
    commands: tuple[Command, ...]
    replaces: bool = False  # what this platform asked of the device before and has not been sent is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a message asks for nothing that can be, every problem in words; with what could be read of it."""

    problems: tuple[str, ...]
    reference: str = ""
    device: str = ""


def read(shape: Shape, topic: str, body: bytes) -> Asked | Refusal | None:
    """Return what a message says, None when it commands nothing; never raises, whatever the octets are."""
    try:
        table = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return Refusal(problems=(f"this is no JSON: {error}",))
    if not isinstance(table, dict):
        return Refusal(problems=("this is no JSON object: { and } with keys in between are expected",))
    match shape:
        case Shape.AZURE:
            return _read(shape, topic, from_azure(table, topic))
        case Shape.THINGSBOARD if is_answer(table):
            return None
        case Shape.THINGSBOARD:
            said, problems = from_thingsboard(table)
            return _refusal(said, topic, problems) if problems else _read(shape, topic, said)
    return _read(shape, topic, table)


def _read(shape: Shape, topic: str, table: Table) -> Asked | Refusal:
    model, understand = SHAPES[shape]
    problems = [*model.across(table)]
    try:
        parsed = model.model_validate(table)
    except ValidationError as error:
        return _refusal(table, topic, [*_in_words(model, error), *problems])
    if problems:
        return _refusal(table, topic, problems)
    found = understand(parsed, topic)
    return _refusal(table, topic, [found]) if isinstance(found, str) else found


def keys_of(asked: Asked, topic: str, body: bytes, number: int) -> list[str]:
    """Return what each command of a message is known by: its reference, else the message and its place in it.

    A message that the broker sends again keeps its packet identifier, ``number`` (MQTT 5.0, section 4.4).
    """
    digest = hashlib.sha256(topic.encode() + b"\0" + body).hexdigest()[:16]
    return [
        command.reference if command.is_known_by_reference else f"{number}-{digest}-{place}"
        for place, command in enumerate(asked.commands)
    ]


def state_request(state: CommandState, topic: str, trust: TimeQuality, shape: Shape = Shape.BRYGGA) -> Request:
    """Return what tells a platform a state; a time of which nobody knows whether it is right is left out."""
    is_trusted = state.time_quality >= trust
    if shape is Shape.THINGSBOARD:
        return to_thingsboard(state, topic, is_trusted=is_trusted)
    said = {
        "reference": state.reference,
        "dev_eui": state.dev_eui or None,
        "id": state.downlink,
        "state": state.state,
        "at": state.at.isoformat().replace("+00:00", "Z") if is_trusted else None,
        "f_cnt": state.f_cnt,
        "tries": state.tries,
        "detail": state.detail or None,
    }
    return Request(
        target=to_azure(topic, state.reference) if shape is Shape.AZURE else topic,
        body=json.dumps(said, ensure_ascii=False).encode(),
        content_type="application/json",
    )


# ── each shape ──


def _brygga(said: Brygga, _: str) -> Asked | str:
    command = Command(
        f_port=said.f_port,
        payload=said.payload if said.payload is not None else said.payload_base64,
        fields=said.command,
        confirmed=said.confirmed,
        priority=said.priority,
        expires_in=None if said.expires_in_s is None else timedelta(seconds=said.expires_in_s),
        expires_at=said.expires_at,
        reference=said.reference,
        is_known_by_reference=bool(said.reference),
    )
    return Asked(
        whom=Whom(None if said.dev_eui is None else Eui64(said.dev_eui), said.device or ""), commands=(command,)
    )


def _thingsboard(said: Brygga, topic: str) -> Asked | str:
    asked = _brygga(said, topic)
    if isinstance(asked, str):
        return asked
    return replace(asked, commands=tuple(replace(one, is_known_by_reference=False) for one in asked.commands))


def _chirpstack(said: ChirpStack, topic: str) -> Asked | str:
    named = CHIRPSTACK_TOPIC.search(topic)
    if named is not None and named[1].lower() != said.dev_eui:
        return f"devEui: {said.dev_eui}, and the topic is of the device {named[1].lower()}"
    command = Command(
        f_port=said.f_port,
        payload=said.data,
        fields=said.object,
        confirmed=said.confirmed,
        expires_at=said.expires_at,
        reference=said.id,
        is_known_by_reference=bool(said.id),
    )
    return Asked(whom=Whom(Eui64(said.dev_eui)), commands=(command,))


def _the_things_stack(said: TheThingsStack, topic: str) -> Asked | str:
    named = THE_THINGS_TOPIC.search(topic)
    if named is None:
        return f"topic: {topic!r} names no device; …/devices/<device>/down/push or …/down/replace does"
    replaces = named[2] == "replace"
    if not said.downlinks and not replaces:
        return "downlinks: there is none; down/replace takes an empty list, down/push does not"
    eui = EUI_NAME.fullmatch(named[1])
    whom = Whom(eui64(eui[1]) if eui else None, named[1])
    return Asked(whom=whom, commands=tuple(map(_of_the_things_stack, said.downlinks)), replaces=replaces)


def _of_the_things_stack(said: TheThingsStackDownlink) -> Command:
    return Command(
        f_port=said.f_port,
        payload=said.frm_payload,
        fields=said.decoded_payload,
        confirmed=said.confirmed,
        priority=PRIORITIES[said.priority],
        reference=next(iter(said.correlation_ids), ""),
        is_known_by_reference=False,  # several downlinks may have one correlation id: that is what it is for
    )


Understand = Callable[..., Asked | str]
SHAPES: Final[Mapping[Shape, tuple[type[Brygga | ChirpStack | TheThingsStack], Understand]]] = {
    Shape.BRYGGA: (Brygga, _brygga),
    Shape.CHIRPSTACK: (ChirpStack, _chirpstack),
    Shape.THE_THINGS_STACK: (TheThingsStack, _the_things_stack),
    Shape.THINGSBOARD: (Brygga, _thingsboard),
    Shape.AZURE: (Brygga, _brygga),
}


# ── what is wrong ──


def _refusal(table: Table, topic: str, problems: list[str]) -> Refusal:
    named = THE_THINGS_TOPIC.search(topic)
    device = next((table[key] for key in ("dev_eui", "device", "devEui") if isinstance(table.get(key), str)), "")
    reference = next((table[key] for key in ("reference", "id") if isinstance(table.get(key), str)), "")
    return Refusal(
        problems=tuple(problems),
        reference=reference[:LONGEST_REFERENCE],
        device=(device or (named[1] if named else ""))[:LONGEST_REFERENCE],
    )


def _in_words(model: type[BaseModel], error: ValidationError) -> Iterator[str]:
    known = [field.alias or name for name, field in model.model_fields.items()]
    for one in error.errors(include_url=False):
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one["loc"]).removeprefix(".")
        yield f"{key}: {_words(one, known)}"


def _words(problem: ErrorDetails, known: list[str]) -> str:
    match problem["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            near = get_close_matches(str(problem["loc"][-1]), known, n=1)
            return "there is no such key; " + (
                f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            )
        case "value_error":
            return str(problem["ctx"]["error"])
        case _:
            return f"{_shown(problem['input'])} {problem['msg'].replace('Input should', 'should')}"


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"
