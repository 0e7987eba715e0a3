"""Devices of real makes and the datagrams that carry their uplinks, all made before a clock starts.

Each device is personalised (ABP) and sends, one after another, the good payloads of its decoder's vectors.
"""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from random import Random

from decoders.contract import Payload
from decoders.registry import Registry
from gateway.journal import Registration
from gateway.lorawan.sessions import OpenSession
from gateway.model import Activation, DevAddr, Device, Eui64, Session
from gateway.sources.gwmp import PushData
from simulators.end_device import EndDevice

GATEWAY = Eui64("b827ebfffe0b0b0b")
MODELS = (
    "elsys/ers",
    "milesight/em300-th",
    "milesight/am307",
    "dragino/lht65",
    "decentlab/dl-pr26",
    "decentlab/dl-ctd10",
    "sensative/strips",
    "adeunis/comfort",
    "talkpool/oy1210",
    "quandify/cubicmeter",
)
FIRST_EUI = 0x70B3D57ED0BE0000
FIRST_ADDRESS = 0x26010000  # of The Things Network's block, as ABP devices in the field mostly have it


@dataclass(frozen=True, slots=True)
class Member:
    """One device with the payloads that it sends."""

    end_device: EndDevice
    decoder: str
    payloads: Sequence[Payload]


@dataclass(frozen=True)
class Fleet:
    """A fleet; the same ``size`` and ``seed``, the same octets. ``sends``: payloads by decoder; those of MODELS without it."""

    size: int
    seed: int = 1
    sends: Mapping[str, Sequence[Payload]] | None = None

    @cached_property
    def members(self) -> Sequence[Member]:
        """The devices, the models in turn."""
        random = Random(self.seed)
        payloads = self.sends or {name: good_payloads(name) for name in MODELS}
        return [
            Member(_end_device(number, random), name, payloads[name])
            for number, name in zip(range(self.size), cycle(payloads), strict=False)
        ]

    def frames(self, count: int) -> list[bytes]:
        """Return the next ``count`` PHYPayloads, the devices in turn."""
        sending = zip(cycle(self.members), range(count), strict=False)
        return [_uplink(member) for member, _ in sending]

    def sessions(self) -> list[OpenSession]:
        """Return the sessions as the network knows them before the first uplink."""
        return [OpenSession(_session(member.end_device)) for member in self.members]

    def registrations(self) -> list[Registration]:
        """Return the devices as a journal takes them."""
        return [
            Registration(
                device=Device(dev_eui=member.end_device.dev_eui, decoder=member.decoder, activation=Activation.ABP),
                session=_session(member.end_device),
            )
            for member in self.members
        ]

    def csv(self) -> str:
        """Return the devices as `brygga device import` reads them."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("dev_eui", "name", "decoder", "activation", "dev_addr", "nwk_s_key", "app_s_key"))
        for number, member in enumerate(self.members):
            session = _session(member.end_device)
            keys = (session.keys.f_nwk_s_int_key.reveal().hex(), session.keys.app_s_key.reveal().hex())
            writer.writerow((session.dev_eui, f"bench-{number}", member.decoder, "abp", session.dev_addr, *keys))
        return text.getvalue()


def datagrams(frames: Sequence[bytes], per_datagram: int = 1) -> list[bytes]:
    """Return PUSH_DATA datagrams with ``per_datagram`` packets each, worded as Semtech's forwarder words them."""
    packets = iter(frames)
    parts: list[bytes] = []
    while chunk := list(islice(packets, per_datagram)):
        said = tuple(rxpk(frame, len(parts) * per_datagram + place) for place, frame in enumerate(chunk))
        parts.append(PushData(version=2, token=len(parts) & 0xFFFF, gateway=GATEWAY, rxpk=said).to_bytes())
    return parts


def good_payloads(decoder: str) -> Sequence[Payload]:
    """Return the payloads of a decoder's vectors that hold a reading: the others are delivered as nothing."""
    registry = Registry.load()
    reader = registry.get(decoder)
    good = (vector.payload for vector in registry.vectors(decoder) if vector.error is None)
    return [payload for payload in good if reader.decode(payload).readings]


def _end_device(number: int, random: Random) -> EndDevice:
    dev_eui, dev_addr = Eui64(f"{FIRST_EUI + number:016x}"), DevAddr(f"{FIRST_ADDRESS + number:08x}")
    return EndDevice.abp(dev_eui, dev_addr, random=Random(random.random()))


def _uplink(member: Member) -> bytes:
    payload = member.payloads[member.end_device.f_cnt_up % len(member.payloads)]
    return member.end_device.uplink(payload.f_port, payload.data)


def _session(device: EndDevice) -> Session:
    assert device.dev_addr is not None
    assert device.keys is not None
    return Session(
        dev_eui=device.dev_eui,
        dev_addr=device.dev_addr,
        activation=f"{device.dev_addr}-abp0",
        mac_version=device.mac_version,
        keys=device.keys,
    )


def rxpk(frame: bytes, number: int) -> dict[str, object]:
    """Return a packet as Semtech's forwarder words it."""
    return {
        "jver": 1,
        "tmst": number * 5_000 & 0xFFFF_FFFF,
        "chan": number % 8,
        "rfch": 0,
        "freq": 867.1 + number % 8 * 0.2,
        "mid": 8,
        "stat": 1,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "rssis": -87,
        "lsnr": 9.5,
        "foff": -31,
        "rssi": -86,
        "size": len(frame),
        "data": b64encode(frame).decode("ascii"),
    }
