"""A running agent is scraped: names and types are those of the table, values are what really happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.model import DevAddr, Eui64
from gateway.observe.metric import Kind
from gateway.observe.table import METRICS
from gateway.web.roles import Role
from simulators.end_device import EndDevice
from simulators.platforms.certificates import Authority
from simulators.platforms.event_receiver import EventReceiver
from simulators.ports import free_udp_port
from tests.observe.promtool import needs_promtool, promtool
from tests.observe.scrape import Scrape, scraped
from tests.pipeline.rig import LIMIT_S, PAUSE_S, ROOF, Roof, registration, until
from tests.web import visiting
from tests.web.visiting import Box, Visitor

ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308 0709f2"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml, and 2,546 mV
KNOWN, MUTE = "a81758fffe051d02", "a81758fffe051d03"
OPEN = "application/openmetrics-text"
MORE = """
[metrics]
devices = true
port = 0

[[destination]]
name = "lund"
url = "{url}"
format = "json"
options.topic = "/brygga/{{dev_eui}}/event"

[[destination]]
name = "away"
url = "https://127.0.0.1:9"
format = "ngsi_ld"
tls.ca_file = "{ca_file}"

[[relay]]
name = "ttn"
url = "udp://127.0.0.1:{server}"
"""
# Of the machine: a virtual one has no thermometer, a container no disk of its own in /sys.
OF_SOME_MACHINES = {"brygga_temperature_celsius", "brygga_disk_written_bytes_per_day", "brygga_disk_life_years"}


@dataclass
class Busy:
    """A box at which everything has happened that is told of."""

    box: Box
    roof: Roof
    visitor: Visitor
    device: EndDevice

    async def scrape(self, accept: str = "") -> Scrape:
        told = await self.visitor.get("/metrics", Accept=accept)
        assert told.status == 200, told
        return scraped(told.json)

    async def until(self, holds: Callable[[Scrape], bool]) -> Scrape:
        """Return the first scrape of which ``holds``."""
        async with asyncio.timeout(LIMIT_S):
            while not holds(found := await self.scrape()):  # noqa: ASYNC110 - Prometheus asks again, too
                await asyncio.sleep(PAUSE_S)
            return found


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Busy]:
    platform = EventReceiver()
    await platform.start()
    more = MORE.format(url=platform.url, ca_file=Authority(tmp_path).certificate, server=free_udp_port())
    try:
        async with visiting.box(tmp_path, more, password=None) as box:
            device, mute = (EndDevice.abp(Eui64(eui), DevAddr(f"0001123{n}")) for n, eui in enumerate((KNOWN, MUTE)))
            await box.rig.register(registration(device, name="Library"), registration(mute, decoder=""))
            busy = Busy(box, await box.rig.roof(), await box.visitor(), device)
            await busy.roof.push(mute.uplink(1, b"\1"))
            await until(lambda: box.agent.network.counts["uplinks"] == 1)
            yield busy
    finally:
        await platform.stop()


async def everything(busy: Busy) -> None:
    """Have a downlink sent in vain, a platform that is away, and a first minute's worth of lag."""
    box = busy.box
    await busy.visitor.trust()
    sent = await busy.visitor.ask("POST", f"devices/{KNOWN}/downlinks", {"f_port": 10, "payload": "01"})
    assert sent.status == 200, sent
    for _ in range(3):
        await busy.roof.push(busy.device.uplink(5, ERS, confirmed=True), rssi_dbm=-71.0, snr_db=8.5)
    await visiting.until_answers(box, "lund")
    await until(lambda: bool(box.agent.status()["undecoded"]))
    await until(lambda: box.agent.status()["destinations"]["away"]["trouble_s"] is not None)
    await until(lambda: bool(box.agent.network.status()["duty_cycle"]))
    await busy.until(lambda seen: "brygga_event_loop_lag_seconds" in seen.samples)


async def test_the_table_is_what_is_scraped_both_ways(busy: Busy) -> None:
    await everything(busy)

    found = await busy.scrape(OPEN)

    wanted = {one.sample: one for one in METRICS}
    not_told = wanted.keys() - found.samples - OF_SOME_MACHINES
    assert found.samples - wanted.keys() == set()
    assert not_told <= {
        "brygga_gateway_bad_crc_ratio",  # this forwarder told no stat
        "brygga_transmissions_failed_total",  # perhaps none failed
        "brygga_device_battery_percent",  # this device tells volts
        "brygga_destination_backlog_seconds",  # nothing waits behind
        "brygga_metrics_refused_total",  # nobody was
    }
    assert {name: found.types[name] for name in found.types} == {
        one.name: str(one.kind) for one in METRICS if one.sample in found.samples
    }
    for sample in found.samples:
        assert found.labels(sample) == {frozenset(wanted[sample].labels)}, sample


@needs_promtool
async def test_prometheus_own_tool_finds_nothing_to_say_of_it(busy: Busy) -> None:
    told = await busy.visitor.get("/metrics")

    assert promtool("check", "metrics", text=told.json) == ""


async def test_both_forms_tell_the_same(busy: Busy) -> None:
    text, opened = await busy.scrape("text/plain"), await busy.scrape(OPEN)

    assert text.samples == opened.samples
    assert text.types["brygga_info"] == "gauge"
    assert opened.types["brygga"] == "info"


async def test_counters_are_what_happened(busy: Busy) -> None:
    before = await busy.scrape()
    for _ in range(5):
        await busy.roof.push(busy.device.uplink(5, ERS), rssi_dbm=-71.0, snr_db=8.5)
    await busy.roof.push(EndDevice.abp(Eui64(KNOWN), DevAddr("00bbbbbb")).uplink(1, b"\1"))
    lund = {"destination": "lund"}
    after = await busy.until(
        lambda seen: (
            seen.value("brygga_destination_delivered_total", **lund) >= 5
            and seen.value("brygga_frames_refused_total", reason="unknown_dev_addr") >= 1
            and seen.value("brygga_destination_held", destination="lund", kind="undecoded") >= 1
            and "brygga_device_battery_volts" in seen.samples  # decoded beside what is delivered
        )
    )

    def grown(sample: str, **labels: str) -> float:
        return after.value(sample, **labels) - before.value(sample, **labels)

    assert grown("brygga_uplinks_total", by="radio") == 5
    assert grown("brygga_journal_committed_rows_total") == 5
    assert grown("brygga_frames_total") == 6
    assert grown("brygga_frames_refused_total", reason="unknown_dev_addr") == 1
    assert grown("brygga_source_frames_total", source="radio", type="semtech_udp") == 6
    assert grown("brygga_gateway_frames_total", source="radio", gateway=str(ROOF)) == 6
    assert grown("brygga_destination_delivered_total", **lund) == 5
    assert after.value("brygga_destination_waiting", **lund) == 0
    assert grown("brygga_destination_waiting", destination="away") == 5
    assert after.value("brygga_destination_held", destination="lund", kind="undecoded") == 1
    assert after.value("brygga_decode_failures_total", decoder="no decoder", reason="no_decoder") >= 1
    assert after.value("brygga_device_rssi_dbm", dev_eui=KNOWN, name="Library") == -71.0
    assert after.value("brygga_device_battery_volts", dev_eui=KNOWN, name="Library") == 2.546
    assert after.value("brygga_devices") == 2


async def test_single_devices_are_told_on_wish_alone(tmp_path: Path) -> None:
    async with visiting.box(tmp_path, password=None) as box:
        device = EndDevice.abp(Eui64(KNOWN), DevAddr("00011234"))
        await box.rig.register(registration(device))
        await (await box.rig.roof()).push(device.uplink(5, ERS))

        told = await (await box.visitor()).get("/metrics")

        assert not [name for name in scraped(told.json).samples if name.startswith("brygga_device_")]


@pytest.mark.parametrize("role", Role)
async def test_each_role_may_fetch_metrics(tmp_path: Path, role: Role) -> None:
    async with visiting.box(tmp_path) as box:
        program, stranger = await box.with_role(role), await box.visitor()

        told, refused = await program.get("/metrics"), await stranger.get("/metrics")

        assert (told.status, refused.status) == (200, 401)


def test_names_are_as_prometheus_wants_them() -> None:
    names = [one.sample for one in METRICS]
    wrong = [one.name for one in METRICS if one.unit and not one.name.endswith(f"_{one.unit}")]
    doubled = [one.name for one in METRICS if one.name.endswith(("_total", "_info", "_count", "_sum", "_bucket"))]

    assert len(set(names)) == len(names)
    assert wrong == doubled == []
    assert all(one.name.startswith("brygga") for one in METRICS)
    assert all(one.help.endswith(".") and one.where for one in METRICS)
    assert [one for one in METRICS if one.kind is Kind.INFO and not one.labels] == []


def test_what_no_simulator_does_is_found_in_a_status_too() -> None:
    gateway = {"stat": {"rxnb": 8, "rxok": 6}}
    view = {
        "sources": [{"name": "radio", "type": "semtech_udp", "gateways": {"aa": gateway}}],
        "network": {"answers": {"rx1_collision_packet": 2, "sent_rx1": 5, "missed": 1}},
        "destinations": {"lund": {"lane": {"left_s": 90.0}}},
        "devices": [{"dev_eui": KNOWN, "name": "", "battery": 45.0}],
        "machine": {"temperature_c": {"cpu-thermal": 61.5}},
        "metrics": {"refused": {"token": 3}},
    }
    told = {
        "brygga_gateway_bad_crc_ratio": [(("radio", "aa"), 0.25)],
        "brygga_transmissions_failed_total": [(("rx1", "collision_packet"), 2.0)],
        "brygga_transmissions_total": [(("rx1",), 5.0), (("rx2",), 0.0)],
        "brygga_transmissions_missed_total": [((), 1.0)],
        "brygga_destination_backlog_seconds": [(("lund",), 90.0)],
        "brygga_device_battery_percent": [((KNOWN, ""), 45.0)],
        "brygga_temperature_celsius": [(("cpu-thermal",), 61.5)],
        "brygga_metrics_refused_total": [(("token",), 3.0)],
    }

    assert {one.sample: [*one.find(view)] for one in METRICS if one.sample in told} == told
