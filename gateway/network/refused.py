"""Frames that were not taken: why, in words for people, and what would help."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.phy import DataFrame, JoinRequest, RejoinRequest, parse
from gateway.model import DevAddr, Eui64, Frame, Json

REFUSALS_KEPT: Final = 200  # of the last frames refused, for whoever asks why a device is not heard
# Frames of nobody, who may be registered later:
NOBODYS: Final = frozenset({BadFrameReason.UNKNOWN_DEV_ADDR, BadFrameReason.UNKNOWN_DEVICE, BadFrameReason.MIC})
_NOISE: Final = "nothing: noise, a cut-off frame, or another kind of radio"
_REJOIN: Final = "let the device join anew: switch it off and on"


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame that was not taken, and why."""

    frame: Frame
    reason: BadFrameReason
    detail: str


# What happened, and what would help.
WORDS: Final[Mapping[BadFrameReason, tuple[str, str]]] = {
    BadFrameReason.TRUNCATED: ("shorter than any frame of its kind", _NOISE),
    BadFrameReason.TOO_LONG: ("longer than any frame", _NOISE),
    BadFrameReason.MAJOR_VERSION: ("not LoRaWAN R1", _NOISE),
    BadFrameReason.MALFORMED_FHDR: ("its header contradicts itself", _NOISE),
    BadFrameReason.NOT_UPLINK: ("a downlink that another gateway sent", "nothing: it is not for this box"),
    BadFrameReason.NOT_SUPPORTED: ("a kind of frame that is not understood here", "nothing: docs/lorawan.md tells the kinds"),
    BadFrameReason.UNKNOWN_DEV_ADDR: (
        "no device here has this DevAddr",
        "if it is yours, add it: `brygga device add`, or let it join anew",
    ),
    BadFrameReason.UNKNOWN_DEVICE: (
        "asks to join, and is not registered here as a device that joins",
        "if it is yours: `brygga device add --dev-eui …` with its AppKey (LoRaWAN 1.1: NwkKey, too)",
    ),
    BadFrameReason.WRONG_JOIN_EUI: (
        "asks to join with another JoinEUI than the registered one",
        "correct it: `brygga device add --dev-eui … --join-eui …`; with an empty one any is taken",
    ),
    BadFrameReason.MIC: (
        "signed with another key than the one registered here",
        "compare its keys and its LoRaWAN version with the label; another network's device may have the same DevAddr",
    ),
    BadFrameReason.REPLAYED_COUNTER: (
        "its frame counter went back",
        "an ABP device that restarted: `brygga device add --dev-eui … --counter-reset-allowed yes`; or somebody plays old frames",
    ),
    BadFrameReason.COUNTER_GAP: ("its frame counter is more than 16384 ahead", _REJOIN),
    BadFrameReason.COUNTER_EXHAUSTED: ("its frame counter is used up", _REJOIN),
    BadFrameReason.REPLAYED_DEV_NONCE: (
        "asks to join with a DevNonce that it has used before",
        "wait for its next try, which has another; a device that always draws the same needs new firmware",
    ),
    BadFrameReason.REPEATED: ("the last uplink again", "nothing: it was answered again where it asked for an answer"),
}  # fmt: skip

# The same of a device that cannot join.
ABP_WORDS: Final[Mapping[BadFrameReason, tuple[str, str]]] = {
    BadFrameReason.COUNTER_GAP: (
        "its frame counter is more than 16384 ahead",
        "if it is really there, import its counter (`f_cnt_up`, docs/lorawan.md): it is personalised and cannot join",
    ),
    BadFrameReason.COUNTER_EXHAUSTED: (
        "its frame counter is used up",
        "give the device new session keys, and register them: it is personalised and cannot join",
    ),
}


def as_json(refused: Refused, personalised: Container[DevAddr] = ()) -> Mapping[str, Json]:
    """Return a refused frame as the commands show it; ``personalised`` are the addresses of ABP devices."""
    best = refused.frame.best
    what, helps = WORDS[refused.reason]
    if _sender(refused.frame)["dev_addr"] in personalised:
        what, helps = ABP_WORDS.get(refused.reason, (what, helps))
    return {
        "at": refused.frame.heard_at.utc.isoformat(),
        "reason": str(refused.reason),
        "words": what,
        "helps": helps,
        "detail": refused.detail,
        **_sender(refused.frame),
        "gateway": best.gateway,
        "data_rate": str(best.data_rate),
        "rssi_dbm": best.rssi_dbm,
        "snr_db": best.snr_db,
    }


def concerns(refused: Refused, dev_eui: Eui64, addresses: Container[DevAddr]) -> bool:
    """Tell whether a frame names a device: by its EUI, or by an address that it has."""
    sender = _sender(refused.frame)
    return sender["dev_eui"] == dev_eui or sender["dev_addr"] in addresses


def _sender(frame: Frame) -> Mapping[str, Json]:
    try:
        parsed = parse(frame.phy_payload)
    except BadFrame:
        return {"dev_eui": None, "dev_addr": None}
    match parsed:
        case DataFrame(dev_addr=dev_addr):
            return {"dev_eui": None, "dev_addr": dev_addr}
        case JoinRequest(dev_eui=dev_eui) | RejoinRequest(dev_eui=dev_eui):
            return {"dev_eui": dev_eui, "dev_addr": None}
        case _:
            return {"dev_eui": None, "dev_addr": None}
