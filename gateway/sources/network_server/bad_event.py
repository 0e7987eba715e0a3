"""What is wrong with an event of a network server: one error, its reasons enumerated, counted, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from gateway.errors import Brygga


class BadEventReason(StrEnum):
    """Why an event was not taken: the label of its counter."""

    TOPIC = "topic"  # under our filters, and none of the server's
    RETAINED = "retained"  # kept by the broker for whoever comes: it was told when it was new
    JSON = "json"  # no JSON, or nested beyond all use
    PROTOBUF = "protobuf"  # neither JSON nor protobuf
    SHAPE = "shape"  # not the object that this event is
    DEV_EUI = "dev_eui"
    NO_ID = "no_id"  # nothing by which it is known when it is told again
    TIME = "time"  # none, or none that can be
    PAYLOAD = "payload"  # not the octets that it should be
    COUNTER = "counter"  # no frame counter, or none of 32 bits
    PORT = "port"
    ENCRYPTED = "encrypted"


HELP: Final[Mapping[BadEventReason, str]] = {
    BadEventReason.TOPIC: "came by topics that are none of this server's: does another program publish there?",
    BadEventReason.JSON: (
        "are no JSON: does the server write protobuf (ChirpStack, `encoding`) or XML (ThingPark, its content type), or is this "
        "another integration's?"
    ),
    BadEventReason.PROTOBUF: "are neither JSON nor ChirpStack's protobuf: does another program publish there?",
    BadEventReason.SHAPE: "are not what this server sends: is `server`, or the type of the source, the right one?",
    BadEventReason.DEV_EUI: "name no device by its DevEUI (16 hex digits)",
    BadEventReason.TIME: "have no time of their own: nobody could say when they were heard",
    BadEventReason.ENCRYPTED: (
        "are encrypted: the server has no AppSKey of these devices. Give it the AppKey, or, in The Things Stack, switch "
        "`skip_payload_crypto` off"
    ),
}


class BadEvent(Brygga):
    """Refuse an event for a counted reason; readers raise this and nothing else."""

    def __init__(self, reason: BadEventReason, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


def in_words(dropped: Mapping[str, int]) -> Iterator[str]:
    """Yield what was not taken and what would be right, where a person can do something."""
    for reason, words in HELP.items():
        if count := dropped.get(reason, 0):
            yield f"{count} events {words}"
