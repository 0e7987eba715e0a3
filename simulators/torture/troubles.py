"""What happens to the agent and around it in a torture run: a table of names, words, and how long each lasts.

Troubles of one lane come one after the other, those of different lanes at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Lane(StrEnum):
    """What a trouble is of."""

    AGENT = "agent"
    BROKER = "broker"
    LINE = "line"
    DISK = "disk"


class Needs(StrEnum):
    """What a trouble is made with, where it is not there everywhere."""

    NOTHING = ""
    VOLUME = "a file system of its own"
    SHIM = "a library before the C library"
    NAMESPACE = "a network of its own"
    FILTER = "a packet filter in a network of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One kind of trouble; ``disk`` are words for `disk_faults.c`."""

    name: str
    lane: Lane
    words: str
    lasts_s: tuple[float, float] = (0.0, 0.0)
    needs: Needs = Needs.NOTHING
    disk: str = ""


# From the end of one to the beginning of the next. Of the agent from the moment that it answers a gateway again.
PAUSES_S: Final[Mapping[Lane, tuple[float, float]]] = {
    Lane.AGENT: (0.2, 3.0),
    Lane.BROKER: (4.0, 20.0),
    Lane.LINE: (2.0, 10.0),
    Lane.DISK: (3.0, 12.0),
}

ON_DISK: Final = "only=journal.db"
_ALL: Final = (
    Trouble(name="kill", lane=Lane.AGENT, words="the agent is killed (SIGKILL)", lasts_s=(0.0, 1.0)),
    Trouble(
        name="kill-starting",
        lane=Lane.AGENT,
        words="the agent is killed, and again while it starts",
        lasts_s=(0.05, 1.2),
    ),
    Trouble(
        name="power-cut",
        lane=Lane.AGENT,
        words="power is cut: the disk has what was flushed, and nothing else",
        needs=Needs.VOLUME,
    ),
    Trouble(name="broker-kill", lane=Lane.BROKER, words="mosquitto is killed (SIGKILL)", lasts_s=(0.5, 4.0)),
    Trouble(name="broker-stop", lane=Lane.BROKER, words="mosquitto ends in good order", lasts_s=(0.5, 4.0)),
    Trouble(name="broker-pause", lane=Lane.BROKER, words="mosquitto stands still (SIGSTOP)", lasts_s=(1.0, 8.0)),
    Trouble(name="cut", lane=Lane.LINE, words="the connection to the broker is cut (RST)"),
    Trouble(name="half-close", lane=Lane.LINE, words="the broker's side says that no more comes (FIN)"),
    Trouble(name="black-hole", lane=Lane.LINE, words="nothing comes through, nobody says so", lasts_s=(1.0, 25.0)),
    Trouble(name="refuse", lane=Lane.LINE, words="the broker's port is closed", lasts_s=(0.5, 5.0)),
    Trouble(name="silent", lane=Lane.LINE, words="connections are accepted, and nothing is said", lasts_s=(0.5, 5.0)),
    Trouble(name="slow-line", lane=Lane.LINE, words="half a second each way, 4 kB a second", lasts_s=(2.0, 15.0)),
    Trouble(name="frail-line", lane=Lane.LINE, words="the connection breaks after some 3 kB", lasts_s=(2.0, 15.0)),
    Trouble(
        name="link-down",
        lane=Lane.LINE,
        words="the cable to the broker is out",
        lasts_s=(1.0, 25.0),
        needs=Needs.NAMESPACE,
    ),
    Trouble(
        name="swallowing-link",
        lane=Lane.LINE,
        words="no packet to the broker arrives, SYN neither",
        lasts_s=(1.0, 25.0),
        needs=Needs.NAMESPACE,
    ),
    Trouble(
        name="narrow-link",
        lane=Lane.LINE,
        words="32 kbit a second (tc tbf)",
        lasts_s=(2.0, 15.0),
        needs=Needs.NAMESPACE,
    ),
    Trouble(
        name="lossy-link",
        lane=Lane.LINE,
        words="three of ten packets are dropped (iptables)",
        lasts_s=(2.0, 15.0),
        needs=Needs.FILTER,
    ),
    Trouble(
        name="flush-error",
        lane=Lane.DISK,
        words="fsync() fails (EIO)",
        lasts_s=(0.2, 5.0),
        needs=Needs.SHIM,
        disk=f"{ON_DISK} fail_flush=1..:EIO",
    ),
    Trouble(
        name="one-flush-error",
        lane=Lane.DISK,
        words="one fsync() fails (EIO)",
        lasts_s=(0.5, 2.0),
        needs=Needs.SHIM,
        disk=f"{ON_DISK} fail_flush=2:EIO",
    ),
    Trouble(
        name="write-error",
        lane=Lane.DISK,
        words="writing fails (EIO)",
        lasts_s=(0.2, 5.0),
        needs=Needs.SHIM,
        disk=f"{ON_DISK} fail_write=2..:EIO",
    ),
    Trouble(
        name="slow-disk",
        lane=Lane.DISK,
        words="each fsync() takes 50 ms longer",
        lasts_s=(2.0, 10.0),
        needs=Needs.SHIM,
        disk=f"{ON_DISK} flush_ms=50",
    ),
    Trouble(
        name="full-disk",
        lane=Lane.DISK,
        words="somebody else's file takes all the room",
        lasts_s=(1.0, 12.0),
        needs=Needs.VOLUME,
    ),
)
TROUBLES: Final[Mapping[str, Trouble]] = {one.name: one for one in _ALL}
