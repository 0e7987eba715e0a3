"""ChirpStack's application events in protobuf, by the table of `chirpstack_fields`: what its JSON would say, with our names.

The classes are proto2's, for which a zero that was written is one, as `google.protobuf.Value` needs; on the wire both are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from gateway.model import Json
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.chirpstack_fields import MESSAGES
from gateway.sources.protobuf_classes import made

PACKAGE: Final = "brygga.integration"


def read(message: str, octets: bytes) -> dict[str, Json]:
    """Return what ``octets`` say as a message of that name; raise BadEvent and nothing else."""
    try:
        return _fields_of(_classes()[message].FromString(octets))
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEvent(BadEventReason.PROTOBUF) from error


def write(message: str, said: Mapping[str, Json]) -> bytes:
    """Return a message of that name; ``said`` has its fields by name, messages within as mappings."""
    return _classes()[message](**said).SerializeToString()


def _fields_of(message: Message) -> dict[str, Json]:
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Json) -> Json:
    if field.message_type is None:
        return value
    match field.message_type.name:
        case "Struct":
            return _struct(value)
        case "ContextEntry":
            return {one.key: one.value for one in value}
    return _fields_of(value) if isinstance(value, Message) else [_fields_of(one) for one in value]


def _struct(value: Json) -> dict[str, Json]:
    return {entry.key: _json(entry.value) for entry in value.fields}


def _json(value: Json) -> Json:
    """Return what a google.protobuf.Value holds; one that holds nothing is null."""
    if value.HasField("struct_value"):
        return _struct(value.struct_value)
    if value.HasField("list_value"):
        return [_json(one) for one in value.list_value.values]
    for name in ("number_value", "string_value", "bool_value"):
        if value.HasField(name):
            return getattr(value, name)
    return None


@cache
def _classes() -> Mapping[str, type[Message]]:
    """Return the class of each message, made when the first message comes."""
    return made(PACKAGE, MESSAGES, syntax="proto2")
