"""What is wrong with a message of the gateway side: one error, its reasons enumerated and counted."""

from __future__ import annotations

from enum import StrEnum

from gateway.errors import Brygga


class BadEventReason(StrEnum):
    """Why a message was not understood, or not heard: the label of its counter."""

    EMPTY = "empty"  # no octets, or no message in the event
    PROTOBUF = "protobuf"  # neither JSON nor protobuf
    JSON = "json"  # begins like JSON and is none, or is nested beyond all use
    SHAPE = "shape"  # not the object that this message is
    GATEWAY = "gateway"  # names no gateway, or another one than its topic
    FREQUENCY = "frequency"
    MODULATION = "modulation"  # none that we know
    LR_FHSS = "lr_fhss"  # no receiver of ours understands its data rates yet
    DATA_RATE = "data_rate"
    RSSI = "rssi"
    DATA = "data"  # no PHYPayload, or one that is not base64
    TOO_LONG = "too_long"  # more than the 255 octets that a radio packet holds
    BAD_CRC = "bad_crc"
    NO_CRC = "no_crc"  # mostly a downlink of another gateway


class BadEvent(Brygga):
    """Refuse a message for a counted reason; the parsers raise this and nothing else."""

    def __init__(self, reason: BadEventReason) -> None:
        self.reason = reason
        super().__init__(str(reason))
