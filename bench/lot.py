"""One lot of uplinks at every station of the path, made by the rooms themselves before a stage is timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from bench.fleet import Fleet, datagrams
from decoders.registry import Registry
from gateway.clock import SystemClock
from gateway.codecs import Codecs
from gateway.formats import Format
from gateway.formats.senml import SenMl
from gateway.journal import Changes, Registration
from gateway.lorawan.phy import dev_addr_octets
from gateway.lorawan.proving import prove
from gateway.lorawan.sessions import NewUplink, OpenSession, new_uplink
from gateway.model import (
    Answer,
    Device,
    Eui64,
    Frame,
    Instant,
    Item,
    Json,
    Request,
    RowId,
    TimeQuality,
    Uplink,
    Verdict,
)
from gateway.normalise import normalise
from gateway.sources import gwmp
from gateway.sources.rxpk import read_rxpk

T = TypeVar("T")

TAKEN = Answer(verdict=Verdict.TAKEN, status=204)
BETWEEN = timedelta(milliseconds=5)  # two frames of a busy concentrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The same uplinks before and after each stage."""

    datagrams: Sequence[bytes]
    rxpks: Sequence[Json]
    frames: Sequence[Frame]
    fleet: Fleet
    changes: Sequence[Changes]  # one for each uplink, as hearing commits them
    registrations: Sequence[Registration]
    wanted: Sequence[tuple[Uplink, Device]]
    items: Sequence[Item]
    requests: Sequence[Request]  # SenML


async def make(count: int, devices: int) -> Lot:
    """Make a lot of ``count`` uplinks of ``devices`` devices."""
    fleet = Fleet(devices)
    registrations = fleet.registrations()
    sent = datagrams(fleet.frames(count))
    rxpks = [rxpk for datagram in sent for rxpk in rxpk_of(datagram)]
    frames = heard(rxpks)
    opened = open_all(frames, by_address(fleet.sessions()))
    known = {one.device.dev_eui: one.device for one in registrations}
    wanted = [(new.uplink, known[new.uplink.dev_eui]) for new in opened]
    items = await read_all(wanted)
    return Lot(
        datagrams=sent,
        rxpks=rxpks,
        frames=frames,
        fleet=fleet,
        changes=[Changes(uplinks=(new.uplink,), sessions=(new.session,)) for new in opened],
        registrations=registrations,
        wanted=wanted,
        items=items,
        requests=[request for batch in batches(items) for request in talk(SenMl(), batch)],
    )


def rxpk_of(datagram: bytes) -> Sequence[Json]:
    """Return what a PUSH_DATA carries."""
    said = gwmp.parse(datagram)
    assert isinstance(said, gwmp.PushData)
    return said.rxpk


def heard(rxpks: Sequence[Json]) -> list[Frame]:
    """Return the frames of ``rxpks``, heard one after another from now on."""
    received = [read_rxpk(rxpk, gateway=Eui64("00" * 8), source="bench") for rxpk in rxpks]
    now = replace(SystemClock()(), quality=TimeQuality.NTP)
    return [Frame(one.phy_payload, one.receptions, _later(now, number)) for number, one in enumerate(received)]


def _later(now: Instant, number: int) -> Instant:
    passed = number * BETWEEN
    return replace(now, utc=now.utc + passed, monotonic=now.monotonic + passed.total_seconds())


def by_address(sessions: Sequence[OpenSession]) -> Mapping[bytes, OpenSession]:
    """Return sessions as the network finds them: by an address's octets."""
    return {dev_addr_octets(one.session.dev_addr): one for one in sessions}


def open_all(frames: Sequence[Frame], sessions: Mapping[bytes, OpenSession]) -> list[NewUplink]:
    """Prove, decrypt and count all frames, moving the sessions on."""
    opened = []
    for frame in frames:
        proved = prove(frame.phy_payload, sessions)
        assert proved is not None
        new = new_uplink(frame, proved)
        new.opened.session = new.session
        opened.append(new)
    return opened


async def read_all(wanted: Sequence[tuple[Uplink, Device]]) -> list[Item]:
    """Decode and normalise all, in batches as a destination does."""
    codecs = Codecs(Registry.load().get)
    items: list[Item] = []
    for batch in batches(wanted):
        for (uplink, device), decoded in zip(batch, await codecs.decode(batch), strict=True):
            assert not isinstance(decoded, Exception), decoded
            normalised = normalise(uplink, device, decoded, codecs.revision(device.decoder))
            items.append(
                Item(
                    row=RowId(len(items) + 1),
                    uplink=uplink,
                    device=device,
                    decoded=decoded,
                    observations=normalised.observations,
                )
            )
    return items


def batches(whole: Sequence[T], size: int = 100) -> list[Sequence[T]]:
    """Return ``whole`` in the batches that a destination takes."""
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def talk(words: Format, batch: Sequence[Item]) -> list[Request]:
    """Hold a format's conversation with a platform that takes everything, and return what was said."""
    said: list[Request] = []
    conversation = words.deliver(batch, {})
    try:
        requests = next(conversation)
        while True:
            said += requests
            requests = conversation.send([TAKEN] * len(requests))
    except StopIteration:
        return said
