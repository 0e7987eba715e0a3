"""Downlinks as the commands show them, their states in plain words."""

from __future__ import annotations

from datetime import datetime

from gateway.model import Downlink, DownlinkState, Json


def as_json(downlink: Downlink, name: str = "", *, at_once: bool = False, behind: str | None = None) -> dict[str, Json]:
    """Return a downlink; ``name`` is its device's, which is one of class C where it goes ``at_once``.

    ``behind`` is the source whose network server sends it, None where this box does.
    """
    return {
        "id": downlink.id,
        "dev_eui": downlink.dev_eui,
        "name": name,
        "f_port": downlink.f_port,
        "payload": downlink.payload.hex(),
        "confirmed": downlink.confirmed,
        "priority": downlink.priority,
        "reference": downlink.reference,
        "state": str(downlink.state),
        "words": in_words(downlink, at_once=at_once, behind=behind),
        "tries": downlink.tries,
        "f_cnt": downlink.f_cnt,
        "queued_at": _text(downlink.queued_at),
        "expires_at": _text(downlink.expires_at),
        "sent_at": _text(downlink.sent_at),
        "detail": downlink.detail,
    }


def in_words(downlink: Downlink, *, at_once: bool = False, behind: str | None = None) -> str:
    """Return what has become of a downlink, and what comes next."""
    why = f": {downlink.detail}" if downlink.detail else ""
    match downlink.state:
        case DownlinkState.QUEUED if behind is not None:
            return f"queued: {downlink.detail or f'waits to be handed to {behind}'}; its network server sends it"
        case DownlinkState.QUEUED if downlink.tries:
            return f"queued again after {_tries(downlink)}{why}; {_goes(at_once=at_once)}"
        case DownlinkState.QUEUED:
            return f"queued: {_goes(at_once=at_once)}"
        case DownlinkState.SENT if downlink.confirmed:
            return f"{_sent(downlink)}, waits to be acknowledged"
        case DownlinkState.SENT:
            return _sent(downlink)
        case DownlinkState.ACKNOWLEDGED:
            return f"acknowledged after {_tries(downlink)}"
        case DownlinkState.EXPIRED:
            return "expired before it could be sent"
        case DownlinkState.FAILED:
            return f"failed{why}"
        case DownlinkState.DROPPED:
            return f"dropped{why}"


def _sent(downlink: Downlink) -> str:
    return (
        "sent" if downlink.f_cnt is None else f"sent with FCnt {downlink.f_cnt}"
    )  # not every network server says which


def _goes(*, at_once: bool) -> str:
    return "goes as soon as the air is free" if at_once else "goes with the device's next uplink"


def _tries(downlink: Downlink) -> str:
    return "1 try" if downlink.tries == 1 else f"{downlink.tries} tries"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
