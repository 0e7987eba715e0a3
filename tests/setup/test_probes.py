"""The other probes: stations, ChirpStack, serial ports, datagrams, the box itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.model import Eui64, Place, TimeQuality
from gateway.setup import chirpstack, listening, serial_ports
from gateway.setup.findings import Arrival, Modem
from gateway.setup.probing import Wishes, probed
from gateway.setup.stations import stations
from simulators.gnss_receiver import GnssReceiver, Sky, second
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.ports import free_udp_port
from simulators.serial_modem import Plug, Rn2483Modem
from tests.setup.roots import forwarder, machine, process, write

LIMIT_S = 60.0
ROOF = Eui64("aa555a0000000001")


# ── stations ──


def test_a_station_is_found_by_its_home(tmp_path: Path) -> None:
    write(tmp_path, "srv/lns/tc.uri", "wss://eu1.cloud.thethings.network:8887\n")
    process(tmp_path, 9, "/usr/bin/station", "--home", "/srv/lns", unit="basicstation.service")
    made = machine(tmp_path)

    (found,) = stations(made, list(made.processes()))

    assert (found.uri, found.tc_uri) == ("wss://eu1.cloud.thethings.network:8887", tmp_path / "srv/lns/tc.uri")
    assert found.process is not None
    assert found.process.unit == "basicstation.service"


def test_a_station_that_names_no_server_yet_is_found_by_its_configuration(tmp_path: Path) -> None:
    write(tmp_path, "etc/basicstation/station.conf", "{}")

    (found,) = stations(machine(tmp_path), [])

    assert (found.uri, found.tc_uri.name, found.process) == ("", "tc.uri", None)


# ── ChirpStack ──


def test_chirpstacks_gateway_side_tells_broker_and_prefix(tmp_path: Path) -> None:
    forwarder_file = '[mqtt]\nserver = "tcp://127.0.0.1:1883"\ntopic_prefix = "eu868"\nusername = "gw"\n'
    write(tmp_path, "etc/chirpstack-mqtt-forwarder/chirpstack-mqtt-forwarder.toml", forwarder_file)
    bridge_file = (
        '[integration.mqtt]\nevent_topic_template = "gateway/{{ .GatewayID }}/event/{{ .EventType }}"\n'
        '[integration.mqtt.auth.generic]\nservers = ["ssl://broker.example:8883"]\n'
    )
    write(tmp_path, "etc/chirpstack-gateway-bridge/chirpstack-gateway-bridge.toml", bridge_file)

    first, then = chirpstack.forwarders(machine(tmp_path), [])

    assert (first.url, first.prefix, first.username) == ("mqtt://127.0.0.1", "eu868", "gw")
    assert (then.url, then.prefix, then.username) == ("mqtts://broker.example", "", "")


def test_a_concentratord_is_found_by_both_its_sockets(tmp_path: Path) -> None:
    write(tmp_path, "tmp/concentratord_event", "")
    write(tmp_path, "tmp/concentratord_slot2_event", "")
    write(tmp_path, "tmp/concentratord_slot2_command", "")

    (found,) = chirpstack.concentratords(machine(tmp_path))

    assert found.event_url == "ipc:///tmp/concentratord_slot2_event"
    assert found.command_url == "ipc:///tmp/concentratord_slot2_command"


@pytest.mark.parametrize("server", ["$MQTT_BROKER", "tcp://$HOST:1883/", "", "ws://x:9001"])
def test_a_broker_that_a_file_does_not_really_name_is_the_one_on_the_box(server: str) -> None:
    assert chirpstack.broker_url(server) == "mqtt://127.0.0.1"


def test_a_network_server_on_the_box_tells_its_broker(tmp_path: Path) -> None:
    write(tmp_path, "etc/chirpstack/chirpstack.toml", '[integration.mqtt]\nserver = "tcp://10.0.0.2:1884/"\n')

    (found,) = chirpstack.servers(machine(tmp_path))

    assert found.url == "mqtt://10.0.0.2:1884"


# ── datagrams ──


@pytest.fixture
def is_not_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "TELL_AGAIN_S", 0.1)


async def test_a_forwarder_that_sends_here_already_is_heard(is_not_patient: None) -> None:
    port = free_udp_port()

    async with PacketForwarder(ROOF, ("127.0.0.1", port), keep_alive_s=0.05):
        found = await listening.arrivals(LIMIT_S, port)

    assert found == (Arrival(gateway=ROOF, address="127.0.0.1"),)


async def test_who_hears_frames_tells_their_frequencies(is_not_patient: None) -> None:
    port = free_udp_port()
    async with PacketForwarder(ROOF, ("127.0.0.1", port), keep_alive_s=3600) as there:
        looking = asyncio.create_task(listening.arrivals(LIMIT_S, port))
        while not await there.push(Signal(phy_payload=b"\x40" + bytes(12)), limit_s=0.2):
            pass
        (found,) = await looking

    assert found.frequencies_hz == (868_100_000,)


async def test_where_nothing_arrives_nothing_is_found() -> None:
    assert await listening.arrivals(0.05, free_udp_port()) == ()


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/chirpstack-gateway-bridge", "-c", "x.toml"], "chirpstack-gateway-bridge"),
        (["/opt/brygga/bin/python3", "/opt/brygga/bin/brygga", "run"], "brygga"),
        (["/usr/bin/python3.11", "-m", "gateway", "run"], "brygga"),
    ],
)
def test_who_has_the_port_is_told_by_its_program(tmp_path: Path, command: list[str], name: str) -> None:
    table = "  sl  local_address rem_address   st tx rx tr tm retrnsmt uid timeout inode\n"
    table += "   1: 00000000:06A4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2\n"
    write(tmp_path, "proc/net/udp", table)
    process(tmp_path, 12, *command)
    (tmp_path / "proc/12/fd").mkdir()
    (tmp_path / "proc/12/fd/5").symlink_to("socket:[4242]")
    made = machine(tmp_path)

    assert listening.holder(made, 1700) == name
    assert listening.holder(made, 1701) is None


# ── serial ports ──


async def test_a_modem_is_found_by_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_ports, "LISTEN_S", 0.05)
    (tmp_path / "dev/serial/by-id").mkdir(parents=True)

    with Plug(Rn2483Modem(), tmp_path / "dev/serial/by-id/usb-lostik"):
        found, troubles = await serial_ports.all_of(machine(tmp_path), LIMIT_S)

    assert troubles == []
    assert found == [Modem(port="/dev/serial/by-id/usb-lostik", family="rn2483", firmware=found[0].firmware)]  # type: ignore[union-attr]
    assert "RN2483" in found[0].firmware  # type: ignore[union-attr]


async def test_a_receiver_is_found_by_what_it_says_and_tells_the_place(tmp_path: Path) -> None:
    (tmp_path / "dev/serial/by-id").mkdir(parents=True)

    with Plug(GnssReceiver(), tmp_path / "dev/serial/by-id/usb-ublox") as plug:
        looking = asyncio.create_task(serial_ports.all_of(machine(tmp_path), LIMIT_S))
        at = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
        while not looking.done():  # it speaks again and again, as receivers do
            plug.say(second(at, Sky()))
            await asyncio.sleep(0.02)
        found, _ = await looking

    (receiver,) = found
    assert receiver.port == "/dev/serial/by-id/usb-ublox"
    assert isinstance(receiver.place, Place)  # type: ignore[union-attr]


async def test_a_port_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    write(tmp_path, "dev/serial/by-id/usb-odd", "")

    found, troubles = await serial_ports.all_of(machine(tmp_path), LIMIT_S)

    assert found == []
    assert "usb-odd" in troubles[0]


# ── all of them ──


async def test_all_probes_together_find_what_is_there(tmp_path: Path) -> None:
    forwarder(tmp_path)
    write(tmp_path, "etc/basicstation/tc.uri", "ws://127.0.0.1:3001")
    write(tmp_path, "usr/lib/systemd/system/brygga.service", "")
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    configuration = write(tmp_path, "etc/brygga/brygga.toml", "# here\n")
    write(tmp_path, "etc/brygga/cities/lund.toml", "")
    write(tmp_path, "etc/brygga/brygga.d/10-fleet.toml", "# fleet\n")
    wishes = Wishes(configuration=configuration, listen_s=0.05, port=free_udp_port())

    found = await probed(machine(tmp_path, clock=lambda: TimeQuality.UNSYNCHRONISED), wishes)

    assert (len(found.forwarders), len(found.stations), found.troubles) == (1, 1, ())
    box = found.box
    assert (box.hostname, box.has_systemd, box.has_unit, box.configured) == ("roof", True, True, "# here\n")
    assert box.fragments == ("# fleet\n",)
    assert (box.connected, box.clock) == (frozenset({"lund"}), TimeQuality.UNSYNCHRONISED)


async def test_a_port_that_is_taken_is_a_trouble_and_no_end(tmp_path: Path) -> None:
    port = free_udp_port()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("0.0.0.0", port))

    found = await probed(machine(tmp_path), Wishes(configuration=tmp_path / "brygga.toml", port=port))
    transport.close()

    assert found.arrivals == ()
    assert f"UDP port {port}" in found.troubles[0]
