"""The wire of each source alone: what it receives for one frame, and its own reader of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bench.fleet import GATEWAY, datagrams
from gateway.clock import SystemClock
from gateway.config.sources.station_plan import station_plan
from gateway.lorawan.region import EU868
from gateway.model import TimeQuality
from gateway.sources import gwmp
from gateway.sources.basics_station import messages, phy
from gateway.sources.chirpstack_gateway import protobuf
from gateway.sources.chirpstack_gateway.reading import read_uplink
from gateway.sources.network_server import chirpstack, the_things_stack
from gateway.sources.network_server.decode import Decode
from gateway.sources.network_server.reading import Circumstances
from gateway.sources.recording.lines import read_lines
from gateway.sources.rxpk import read_rxpk
from gateway.sources.serial_modem.driver import Packet
from gateway.sources.serial_modem.families import FAMILIES
from simulators.chirpstack_radio import Radio
from simulators.network_server import ChirpStack, Payload, TheThingsStack
from simulators.packet_forwarder import Signal
from simulators.serial_modem import OnAir, WioE5Modem
from simulators.station_radio import taken_apart

Read = Callable[[Any], object]
Wire = Callable[[Sequence[bytes], Sequence[Payload]], tuple[Read, Sequence[Any]]]
"""Return a reader and what it reads, an item for each frame."""


def _gwmp(datagram: bytes) -> None:
    gwmp.sender(datagram)
    gwmp.acknowledgement(datagram)
    said = gwmp.parse(datagram)
    assert isinstance(said, gwmp.PushData)
    for rxpk in said.rxpk:
        read_rxpk(rxpk, gateway=said.gateway, source="bench")


def semtech_udp(frames: Sequence[bytes], _: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """A datagram with one packet."""
    return _gwmp, datagrams(frames)


def basics_station(frames: Sequence[bytes], _: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """A `updf`."""
    plan = station_plan(EU868)
    upinfo = {"rctx": 0, "xtime": 40532396646334464, "gpstime": 0, "fts": -1, "rssi": -57, "snr": 9.5, "rxtime": 0.0}

    def read(text: str) -> None:
        uplink = messages.read(text)
        assert isinstance(uplink, messages.Uplink)
        phy.read_phy_payload(uplink)
        phy.read_reception(
            uplink, rates=plan.data_rates, downlink_only=plan.downlink_only, gateway=GATEWAY, source="bench"
        )

    said = [
        json.dumps({**(taken_apart(one) or {}), "RefTime": 0.0, "DR": 5, "Freq": 868_100_000, "upinfo": upinfo})
        for one in frames
    ]
    return read, said


def serial_modem(frames: Sequence[bytes], _: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """The two lines of a Wio-E5."""
    modem, driver = WioE5Modem(), FAMILIES["wio_e5"]()
    for command in ("AT+MODE=TEST", "AT+TEST=RFCFG,868.1,SF7,125,8,8,14,ON,OFF,ON", "AT+TEST=RXLRPKT"):
        modem.take(f"{command}\r\n".encode())

    def read(octets: bytes) -> None:
        (packet,) = driver.take(octets)
        assert isinstance(packet, Packet)

    return read, [modem.hear(OnAir(phy_payload=one)) for one in frames]


class _NoRadio(Radio):
    def __init__(self) -> None:
        self.gateway, self._uplinks, self._v3 = GATEWAY, 0, False

    def now_us(self) -> int:
        return self._uplinks * 1000


def chirpstack_gateway(frames: Sequence[bytes], _: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """An UplinkFrame in protobuf."""
    radio = _NoRadio()

    def read(octets: bytes) -> None:
        read_uplink(protobuf.read("UplinkFrame", octets), gateway=GATEWAY, source="bench")

    return read, [radio.hear(Signal(phy_payload=one)).SerializeToString() for one in frames]


def _about() -> Circumstances:
    return Circumstances("bench", SystemClock(at_least=TimeQuality.NTP)(), Decode.AUTO)


def behind_chirpstack(_: Sequence[bytes], payloads: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """An up event in JSON."""
    about = _about()
    return lambda body: chirpstack.read("up", body, about), [ChirpStack().up(one).body for one in payloads]


def behind_the_things_stack(_: Sequence[bytes], payloads: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """An uplink message."""
    about = _about()
    return lambda body: the_things_stack.read(body, about), [TheThingsStack().up(one).body for one in payloads]


def recording(frames: Sequence[bytes], _: Sequence[Payload]) -> tuple[Read, Sequence[Any]]:
    """A line with a datagram."""

    def read(line: bytes) -> None:
        (record,) = read_lines([line])
        _gwmp(record.what.octets)  # type: ignore[union-attr]  # a datagram, as it was made

    return read, [f'{{"hex": "{one.hex()}"}}'.encode() for one in datagrams(frames)]


WIRES: Final[Mapping[str, Wire]] = {
    "semtech_udp": semtech_udp,
    "basics_station": basics_station,
    "serial_modem": serial_modem,
    "chirpstack_mqtt": chirpstack_gateway,
    "concentratord": chirpstack_gateway,
    "chirpstack": behind_chirpstack,
    "the_things_stack": behind_the_things_stack,
    "webhook": behind_chirpstack,
    "recording": recording,
}
