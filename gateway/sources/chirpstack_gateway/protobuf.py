"""Protobuf by the table of `fields`: messages become mappings of what they hold, and back.

What an absent field means stays with who reads: proto3 writes no zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from gateway.model import Json
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.fields import MESSAGES
from gateway.sources.protobuf_classes import made

PACKAGE: Final = "brygga.gw"


def read(message: str, octets: bytes) -> dict[str, Json]:
    """Return what ``octets`` say as a message of that name; raise BadEvent (PROTOBUF) and nothing else."""
    try:
        return _fields_of(_classes()[message].FromString(octets))
    except DecodeError as error:
        raise BadEvent(BadEventReason.PROTOBUF) from error


def write(message: str, said: Mapping[str, Json]) -> bytes:
    """Return a message of that name; ``said`` has its fields by name, messages within as mappings."""
    return _classes()[message](**said).SerializeToString()


def _fields_of(message: Message) -> dict[str, Json]:
    """Return the fields that are there; a scalar that is zero is not."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Json) -> Json:
    if field.message_type is None:
        return value
    return _fields_of(value) if isinstance(value, Message) else [_fields_of(one) for one in value]


@cache
def _classes() -> Mapping[str, type[Message]]:
    """Return the class of each message, made when the first message comes."""
    return made(PACKAGE, MESSAGES, syntax="proto3")
