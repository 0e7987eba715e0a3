"""Classes of protobuf messages, built at run time out of a table in a pool of their own.

Nothing generated is carried along, and whoever else in this process speaks the same API (`chirpstack-api`) does not meet them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

SCALARS: Final = {
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}

Messages = Mapping[str, Mapping[str, tuple[int, str]]]
"""By message and field its number and type: a scalar's name, a message's, or either in brackets where it is repeated."""


def made(package: str, messages: Messages, *, syntax: str) -> Mapping[str, type[Message]]:
    """Return the class of each message; a millisecond's work. ``syntax`` is "proto3", or "proto2" where a zero that was written is one."""
    file = FileDescriptorProto(name=f"{package.replace('.', '/')}.proto", package=package, syntax=syntax)
    for name, fields in messages.items():
        members = [_field(package, one, *fields[one]) for one in fields]
        file.message_type.append(DescriptorProto(name=name, field=members))
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}


def _field(package: str, name: str, number: int, kind: str) -> FieldDescriptorProto:
    one = kind.strip("[]")
    field = FieldDescriptorProto(name=name, number=number)
    field.label = FieldDescriptorProto.LABEL_OPTIONAL if one == kind else FieldDescriptorProto.LABEL_REPEATED
    field.type = SCALARS.get(one, FieldDescriptorProto.TYPE_MESSAGE)
    if one not in SCALARS:
        field.type_name = f".{package}.{one}"
    return field
