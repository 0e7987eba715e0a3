"""The messages of ChirpStack's `gw` API as far as a radio needs them: each field's name, number and type.

Numbers and types are those of `gw.proto` in ChirpStack v4.19 and, for what ends in `_legacy` and the messages that end in
`V3`, in chirpstack-api v3. What is not here is passed over when it is read. Enumerations stand as int32, which is the same on the wire:
a value that a later release adds is then a number, and no reason to refuse the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# message: {field: (number, type)}; a type that begins with a capital is a message, one in brackets is repeated
MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "Duration": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "Location": {"latitude": (1, "double"), "longitude": (2, "double"), "altitude": (3, "double")},
    "Nothing": {},
    # ── what a concentrator modulates ──
    "Lora": {
        "bandwidth": (1, "uint32"),
        "spreading_factor": (2, "uint32"),
        "code_rate_legacy": (3, "string"),
        "polarization_inversion": (4, "bool"),
        "code_rate": (5, "int32"),
        "no_crc": (7, "bool"),
    },
    "Fsk": {"frequency_deviation": (1, "uint32"), "datarate": (2, "uint32")},
    "Modulation": {"lora": (3, "Lora"), "fsk": (4, "Fsk"), "lr_fhss": (5, "Nothing")},
    # ── up ──
    "UplinkTxInfo": {"frequency": (1, "uint32"), "modulation": (2, "Modulation")},
    "UplinkTxInfoLegacy": {
        "frequency": (1, "uint32"),
        "modulation": (2, "int32"),
        "lora_modulation_info": (3, "Lora"),
        "fsk_modulation_info": (4, "Fsk"),
        "lr_fhss_modulation_info": (5, "Nothing"),
    },
    "UplinkRxInfo": {
        "gateway_id": (1, "string"),
        "uplink_id": (2, "uint32"),
        "gw_time": (3, "Timestamp"),
        "time_since_gps_epoch": (4, "Duration"),
        "fine_time_since_gps_epoch": (5, "Duration"),
        "rssi": (6, "int32"),
        "snr": (7, "float"),
        "channel": (8, "uint32"),
        "rf_chain": (9, "uint32"),
        "board": (10, "uint32"),
        "antenna": (11, "uint32"),
        "location": (12, "Location"),
        "context": (13, "bytes"),
        "crc_status": (16, "int32"),
    },
    "PlainFineTimestamp": {"time": (1, "Timestamp")},
    "UplinkRxInfoLegacy": {
        "gateway_id": (1, "bytes"),
        "time": (2, "Timestamp"),
        "time_since_gps_epoch": (3, "Duration"),
        "rssi": (5, "int32"),
        "lora_snr": (6, "double"),
        "channel": (7, "uint32"),
        "rf_chain": (8, "uint32"),
        "board": (9, "uint32"),
        "antenna": (10, "uint32"),
        "location": (11, "Location"),
        "plain_fine_timestamp": (14, "PlainFineTimestamp"),
        "context": (15, "bytes"),
        "uplink_id": (16, "bytes"),
        "crc_status": (17, "int32"),
    },
    "UplinkFrame": {
        "phy_payload": (1, "bytes"),
        "tx_info_legacy": (2, "UplinkTxInfoLegacy"),
        "rx_info_legacy": (3, "UplinkRxInfoLegacy"),
        "tx_info": (4, "UplinkTxInfo"),
        "rx_info": (5, "UplinkRxInfo"),
    },
    "GatewayStats": {
        "gateway_id_legacy": (1, "bytes"),
        "time": (2, "Timestamp"),
        "location": (3, "Location"),
        "rx_packets_received": (5, "uint32"),
        "rx_packets_received_ok": (6, "uint32"),
        "tx_packets_received": (7, "uint32"),
        "tx_packets_emitted": (8, "uint32"),
        "gateway_id": (17, "string"),
    },
    "ConnState": {"gateway_id_legacy": (1, "bytes"), "state": (2, "int32"), "gateway_id": (3, "string")},
    "Event": {"uplink_frame": (1, "UplinkFrame"), "gateway_stats": (2, "GatewayStats"), "mesh": (3, "Nothing")},
    # ── down ──
    "Delay": {"delay": (1, "Duration")},
    "Timing": {"immediately": (1, "Nothing"), "delay": (2, "Delay")},
    "DownlinkTxInfo": {
        "frequency": (1, "uint32"),
        "power": (2, "int32"),
        "modulation": (3, "Modulation"),
        "board": (4, "uint32"),
        "antenna": (5, "uint32"),
        "timing": (6, "Timing"),
        "context": (7, "bytes"),
    },
    "DownlinkFrameItem": {"phy_payload": (1, "bytes"), "tx_info": (3, "DownlinkTxInfo")},
    "DownlinkFrame": {
        "downlink_id": (3, "uint32"),
        "items": (5, "[DownlinkFrameItem]"),
        "gateway_id": (7, "string"),
    },
    "DownlinkTxAckItem": {"status": (1, "int32")},
    "DownlinkTxAck": {
        "gateway_id_legacy": (1, "bytes"),
        "downlink_id": (2, "uint32"),  # v3: `token`
        "error": (3, "string"),  # v3
        "downlink_id_legacy": (4, "bytes"),
        "items": (5, "[DownlinkTxAckItem]"),
        "gateway_id": (6, "string"),
    },
    "LoraV3": {
        "bandwidth": (1, "uint32"),
        "spreading_factor": (2, "uint32"),
        "code_rate": (3, "string"),
        "polarization_inversion": (4, "bool"),
    },
    "DownlinkTxInfoV3": {
        "gateway_id": (1, "bytes"),
        "frequency": (5, "uint32"),
        "power": (6, "int32"),
        "modulation": (7, "int32"),
        "lora_modulation_info": (8, "LoraV3"),
        "fsk_modulation_info": (9, "Fsk"),
        "board": (10, "uint32"),
        "antenna": (11, "uint32"),
        "timing": (12, "int32"),
        "immediately_timing_info": (13, "Nothing"),
        "delay_timing_info": (14, "Delay"),
        "context": (16, "bytes"),
    },
    "DownlinkFrameItemV3": {"phy_payload": (1, "bytes"), "tx_info": (2, "DownlinkTxInfoV3")},
    "DownlinkFrameV3": {
        "token": (3, "uint32"),
        "downlink_id": (4, "bytes"),
        "items": (5, "[DownlinkFrameItemV3]"),
        "gateway_id": (6, "bytes"),
    },
    # ── Concentratord's questions ──
    "Command": {
        "send_downlink_frame": (1, "DownlinkFrame"),
        "get_gateway_id": (3, "Nothing"),
    },
    "GetGatewayIdResponse": {"gateway_id": (1, "string")},
}

TX_ACK_STATUS: Final = (
    "IGNORED",
    "OK",
    "TOO_LATE",
    "TOO_EARLY",
    "COLLISION_PACKET",
    "COLLISION_BEACON",
    "TX_FREQ",
    "TX_POWER",
    "GPS_UNLOCKED",
    "QUEUE_FULL",
    "INTERNAL_ERROR",
    "DUTY_CYCLE_OVERFLOW",
)
CRC_STATUS: Final = ("NO_CRC", "BAD_CRC", "CRC_OK")
CONN_STATE: Final = ("OFFLINE", "ONLINE")
MODULATION_V3: Final = ("LORA", "FSK", "LR_FHSS")
DOWNLINK_TIMING_V3: Final = ("IMMEDIATELY", "DELAY", "GPS_EPOCH")
CODE_RATE_4_5: Final = 1
