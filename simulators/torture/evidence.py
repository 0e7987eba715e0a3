"""What is known after a torture run, from witnesses that do not ask the agent: values that the judge reads.

Uplinks are named by their ids throughout. A device reckons the ids of its uplinks from its own counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model import Eui64

SUCCESS_BELOW = 0x80  # MQTT 5, section 4.13: reason codes from here on are refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitted:
    """An uplink as its device or the journal has it; ``row`` is 0 on the air."""

    uplink: str
    dev_eui: Eui64
    activation: str
    f_cnt: int
    payload: bytes
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A PUBACK that was seen on the wire."""

    uplink: str
    reason: int
    broker_run: int  # counted from 1, one more with each start of the broker

    @property
    def success(self) -> bool:
        """Tell whether the broker answers for the message from here on."""
        return self.reason < SUCCESS_BELOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A message that the city received, as the city reads it."""

    uplink: str
    dev_eui: str
    serial: int | None  # None: no serial stands in it
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of one run."""

    sent: tuple[Transmitted, ...]
    acknowledged: frozenset[str] = frozenset()  # confirmed uplinks whose ACK the device proved and took
    activated: Mapping[Eui64, str] = field(default_factory=dict)  # the last join accept that each device took
    committed: tuple[Transmitted, ...] = ()  # the journal's rows, as the file holds them after the end
    sessions: Mapping[Eui64, frozenset[str]] = field(default_factory=dict)  # in the journal
    gone_rows: int = 0  # rows that the journal no longer holds: what they were cannot be judged
    may_have_let_go: bool = False  # of rows that had been delivered: the disk was full
    held: Mapping[str, str] = field(default_factory=dict)  # uplinks that the agent set aside: the reason
    waiting: int = 0  # rows that the agent still wanted to deliver at the end
    taken: tuple[Taken, ...] = ()
    delivered: tuple[Delivered, ...] = ()  # in the order of arrival
    killed_broker_runs: frozenset[int] = frozenset()
    crashes: tuple[str, ...] = ()  # ends of the agent that nobody asked for, in words
