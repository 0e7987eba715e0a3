"""Protobuf by the table of `fields`: messages become mappings of what they hold, and back.

The classes are built at run time in a pool of their own: nothing generated is carried along, and whoever else in this process
speaks ChirpStack's API (`chirpstack-api`) does not meet them. What an absent field means stays with who reads: proto3 writes no zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from gateway.model import Json
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.fields import MESSAGES

PACKAGE: Final = "brygga.gw"
TYPES: Final = {
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}


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
    """Return the class of each message; a millisecond's work, when the first message comes."""
    file = FileDescriptorProto(name="brygga/gw.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        file.message_type.append(DescriptorProto(name=name, field=[_field(one, *fields[one]) for one in fields]))
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in MESSAGES}


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    one = kind.strip("[]")
    made = FieldDescriptorProto(name=name, number=number)
    made.label = FieldDescriptorProto.LABEL_OPTIONAL if one == kind else FieldDescriptorProto.LABEL_REPEATED
    made.type = TYPES.get(one, FieldDescriptorProto.TYPE_MESSAGE)
    if one not in TYPES:
        made.type_name = f".{PACKAGE}.{one}"
    return made
