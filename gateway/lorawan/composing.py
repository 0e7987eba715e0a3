"""One downlink of what a device is to be told: acknowledgement, answers, requests, one payload.

In the order of their worth: answers, then the payload, then requests as far as there is room. MAC commands travel in
FOpts (15 octets at most); a group that is longer, of masks in a fixed plan, goes alone on FPort 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.lorawan.crypto import SessionCiphers
from gateway.lorawan.downlink import is_counted_apart, seal_downlink
from gateway.lorawan.mac_commands import MacCommand, write
from gateway.lorawan.mac_layer import Group
from gateway.lorawan.phy import LONGEST_F_OPTS, FCtrl
from gateway.model import Session

NETWORK_PORT: Final = 0  # FPort of MAC commands


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What an application tells a device."""

    f_port: int
    octets: bytes
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a downlink will say, before it is sealed."""

    f_opts: bytes
    payload: Payload | None
    on_network_port: bytes  # MAC commands as FRMPayload
    asked: tuple[MacCommand, ...]

    @property
    def size(self) -> int:
        """The octets that count against the data rate's maximum: FOpts and FRMPayload."""
        return len(self.f_opts) + len(self.on_network_port) + (len(self.payload.octets) if self.payload else 0)


def content(answers: Sequence[MacCommand], groups: Sequence[Group], payload: Payload | None, *, room: int) -> Content:
    """Choose what goes into ``room`` octets; a payload that does not fit is left out, as is all that has no room."""
    told = _fitting(answers, min(room, LONGEST_F_OPTS))
    taken = payload if payload is not None and len(told) + len(payload.octets) <= room else None
    left = room - (len(taken.octets) if taken else 0)
    alone = next((group for group in groups if len(write(group)) > LONGEST_F_OPTS), None)
    if alone is not None and taken is None and len(told) + len(write(alone)) <= room:
        return Content(f_opts=b"", payload=None, on_network_port=told + write(alone), asked=alone)
    asked: tuple[MacCommand, ...] = ()
    for group in groups:
        if len(told) + len(write(asked)) + len(write(group)) <= min(left, LONGEST_F_OPTS):
            asked += group
    return Content(f_opts=told + write(asked), payload=taken, on_network_port=b"", asked=asked)


def _fitting(commands: Sequence[MacCommand], room: int) -> bytes:
    told = b""
    for command in commands:
        octets = command.to_bytes()
        if len(told) + len(octets) <= room:
            told += octets
    return told


def seal(
    session: Session,
    ciphers: SessionCiphers,
    said: Content,
    *,
    ack: bool,
    acked_f_cnt_up: int | None,
    f_pending: bool = False,
    adr: bool = True,
) -> tuple[bytes, Session]:
    """Return the PHYPayload and the session whose counter has moved past it."""
    f_port = said.payload.f_port if said.payload else (NETWORK_PORT if said.on_network_port else None)
    octets = seal_downlink(
        session,
        ciphers,
        f_ctrl=FCtrl(adr=adr, ack=ack, f_pending=f_pending),
        f_port=f_port,
        payload=said.payload.octets if said.payload else said.on_network_port,
        f_opts=said.f_opts,
        confirmed=said.payload is not None and said.payload.confirmed,
        acked_f_cnt_up=acked_f_cnt_up,
    )
    return octets, counted(session, f_port)


def counted(session: Session, f_port: int | None) -> Session:
    """Return the session after a downlink on ``f_port``."""
    if is_counted_apart(session, f_port):
        return replace(session, a_f_cnt_down=session.a_f_cnt_down + 1)
    return replace(session, n_f_cnt_down=session.n_f_cnt_down + 1)
