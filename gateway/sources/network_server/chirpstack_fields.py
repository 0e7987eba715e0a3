"""The messages of ChirpStack v4's application events, as far as they are read: each field's name, number and type.

Numbers and types are those of `integration.proto` and `gw.proto` in ChirpStack v4.20 (a test compares). What is not here is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# message: {field: (number, type)}; a type that begins with a capital is a message, one in brackets is repeated
MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "Duration": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "Location": {"latitude": (1, "double"), "longitude": (2, "double"), "altitude": (3, "double")},
    "Struct": {"fields": (1, "[FieldsEntry]")},
    "FieldsEntry": {"key": (1, "string"), "value": (2, "Value")},
    "Value": {
        "null_value": (1, "int32"),
        "number_value": (2, "double"),
        "string_value": (3, "string"),
        "bool_value": (4, "bool"),
        "struct_value": (5, "Struct"),
        "list_value": (6, "ListValue"),
    },
    "ListValue": {"values": (1, "[Value]")},
    "DeviceInfo": {"application_id": (3, "string"), "device_name": (7, "string"), "dev_eui": (8, "string")},
    "LoraModulationInfo": {"bandwidth": (1, "uint32"), "spreading_factor": (2, "uint32")},
    "FskModulationInfo": {"datarate": (2, "uint32")},
    "Modulation": {"lora": (3, "LoraModulationInfo"), "fsk": (4, "FskModulationInfo")},
    "UplinkTxInfo": {"frequency": (1, "uint32"), "modulation": (2, "Modulation")},
    "UplinkRxInfo": {
        "gateway_id": (1, "string"),
        "gw_time": (3, "Timestamp"),
        "time_since_gps_epoch": (4, "Duration"),
        "fine_time_since_gps_epoch": (5, "Duration"),
        "rssi": (6, "int32"),
        "snr": (7, "float"),
        "channel": (8, "uint32"),
        "antenna": (11, "uint32"),
        "location": (12, "Location"),
        "ns_time": (17, "Timestamp"),
    },
    "JoinServerContext": {"session_key_id": (1, "string")},
    "UplinkEvent": {
        "deduplication_id": (1, "string"),
        "time": (2, "Timestamp"),
        "device_info": (3, "DeviceInfo"),
        "dev_addr": (4, "string"),
        "adr": (5, "bool"),
        "f_cnt": (7, "uint32"),
        "f_port": (8, "uint32"),
        "confirmed": (9, "bool"),
        "data": (10, "bytes"),
        "object": (11, "Struct"),
        "rx_info": (12, "[UplinkRxInfo]"),
        "tx_info": (13, "UplinkTxInfo"),
        "join_server_context": (15, "JoinServerContext"),
    },
    "JoinEvent": {"time": (2, "Timestamp"), "device_info": (3, "DeviceInfo"), "dev_addr": (4, "string")},
    "AckEvent": {
        "time": (2, "Timestamp"),
        "device_info": (3, "DeviceInfo"),
        "queue_item_id": (4, "string"),
        "acknowledged": (5, "bool"),
        "f_cnt_down": (6, "uint32"),
    },
    "TxAckEvent": {
        "time": (2, "Timestamp"),
        "device_info": (3, "DeviceInfo"),
        "queue_item_id": (4, "string"),
        "f_cnt_down": (5, "uint32"),
    },
    "StatusEvent": {
        "time": (2, "Timestamp"),
        "device_info": (3, "DeviceInfo"),
        "margin": (5, "int32"),
        "external_power_source": (6, "bool"),
        "battery_level_unavailable": (7, "bool"),
        "battery_level": (8, "float"),
    },
    "LogEvent": {
        "time": (1, "Timestamp"),
        "device_info": (2, "DeviceInfo"),
        "level": (3, "int32"),
        "code": (4, "int32"),
        "description": (5, "string"),
        "context": (6, "[ContextEntry]"),
    },
    "ContextEntry": {"key": (1, "string"), "value": (2, "string")},
    "DownlinkCommand": {
        "id": (1, "string"),
        "dev_eui": (2, "string"),
        "confirmed": (3, "bool"),
        "f_port": (4, "uint32"),
        "data": (5, "bytes"),
        "expires_at": (7, "Timestamp"),
    },
}
LOG_LEVELS: Final = ("INFO", "WARNING", "ERROR")
LOG_CODES: Final = (
    "UNKNOWN",
    "DOWNLINK_PAYLOAD_SIZE",
    "UPLINK_CODEC",
    "DOWNLINK_CODEC",
    "OTAA",
    "UPLINK_F_CNT_RESET",
    "UPLINK_MIC",
    "UPLINK_F_CNT_RETRANSMISSION",
    "DOWNLINK_GATEWAY",
    "RELAY_NEW_END_DEVICE",
    "F_CNT_DOWN",
    "EXPIRED",
)
