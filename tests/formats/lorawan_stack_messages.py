"""The messages of The Things Stack that an uplink is made of, for protobuf's strict JSON parser.

Names, numbers and types are those of TheThingsNetwork/lorawan-stack 1d21821 (2024-10), api/ttn/lorawan/v3/messages.proto,
identifiers.proto, lorawan.proto and metadata.proto. EUIs and DevAddrs are declared as bytes there and written as hex
by a marshaller of their own (types.MarshalHEXBytes): texts here. What no uplink of ours has is left out.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, struct_pb2, timestamp_pb2

PACKAGE = "ttn.lorawan.v3"
STRUCT, TIME = ".google.protobuf.Struct", ".google.protobuf.Timestamp"

MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "ApplicationUp": {
        "end_device_ids": (1, "EndDeviceIdentifiers"),
        "correlation_ids": (2, "string*"),
        "uplink_message": (3, "ApplicationUplink"),
        "received_at": (12, TIME),
        "simulated": (14, "bool"),
    },
    "EndDeviceIdentifiers": {
        "device_id": (1, "string"),
        "application_ids": (2, "ApplicationIdentifiers"),
        "dev_eui": (4, "string"),
        "join_eui": (5, "string"),
        "dev_addr": (6, "string"),
    },
    "ApplicationIdentifiers": {"application_id": (1, "string")},
    "ApplicationUplink": {
        "session_key_id": (1, "bytes"),
        "f_port": (2, "uint32"),
        "f_cnt": (3, "uint32"),
        "frm_payload": (4, "bytes"),
        "decoded_payload": (5, STRUCT),
        "rx_metadata": (6, "RxMetadata*"),
        "settings": (7, "TxSettings"),
        "received_at": (8, TIME),
        "confirmed": (11, "bool"),
        "decoded_payload_warnings": (12, "string*"),
        "network_ids": (16, "NetworkIdentifiers"),
        "normalized_payload": (17, f"{STRUCT}*"),
        "normalized_payload_warnings": (18, "string*"),
        "packet_error_rate": (19, "float"),
    },
    "RxMetadata": {
        "gateway_ids": (1, "GatewayIdentifiers"),
        "antenna_index": (2, "uint32"),
        "time": (3, TIME),
        "timestamp": (4, "uint32"),
        "fine_timestamp": (5, "uint64"),
        "rssi": (8, "float"),
        "channel_rssi": (9, "float"),
        "snr": (11, "float"),
        "location": (13, "Location"),
        "channel_index": (17, "uint32"),
        "gps_time": (21, TIME),
        "received_at": (22, TIME),
    },
    "GatewayIdentifiers": {"gateway_id": (1, "string"), "eui": (2, "string")},
    "Location": {
        "latitude": (1, "double"),
        "longitude": (2, "double"),
        "altitude": (3, "int32"),
        "accuracy": (4, "int32"),
    },
    "TxSettings": {
        "data_rate": (1, "DataRate"),
        "frequency": (4, "uint64"),
        "enable_crc": (5, "bool"),
        "timestamp": (6, "uint32"),
        "time": (7, TIME),
    },
    "DataRate": {"lora": (1, "LoRaDataRate"), "fsk": (2, "FSKDataRate")},
    "LoRaDataRate": {"bandwidth": (1, "uint32"), "spreading_factor": (2, "uint32"), "coding_rate": (3, "string")},
    "FSKDataRate": {"bit_rate": (1, "uint32")},
    "NetworkIdentifiers": {"net_id": (1, "string"), "tenant_id": (2, "string"), "cluster_id": (3, "string")},
}
_SCALARS = {
    name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("string", "bytes", "bool", "uint32", "uint64", "int32", "float", "double")
}


def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for known in (struct_pb2, timestamp_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    names = [known.DESCRIPTOR.name for known in (struct_pb2, timestamp_pb2)]
    file = descriptor_pb2.FileDescriptorProto(name="up.proto", package=PACKAGE, syntax="proto3", dependency=names)
    for message, fields in MESSAGES.items():
        made = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            _add(made, name, number, kind)
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _add(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    field = descriptor_pb2.FieldDescriptorProto
    plain = kind.removesuffix("*")
    made = message.field.add(name=name, number=number, json_name=name)
    made.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
    if plain in _SCALARS:
        made.type = _SCALARS[plain]
    else:
        made.type = field.TYPE_MESSAGE
        made.type_name = plain if plain.startswith(".") else f".{PACKAGE}.{plain}"


_UP = message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.ApplicationUp"))


def parsed(body: bytes) -> Any:
    """Read an ApplicationUp; ParseError for a name or a type that the stack does not know."""
    return json_format.Parse(body, _UP())
