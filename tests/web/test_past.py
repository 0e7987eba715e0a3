"""Lists and the past: five thousand devices are searched and sorted, and a look back says how far it went."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from decoders.registry import Registry
from gateway.codecs import Codecs
from gateway.desk import history, lately
from gateway.desk.history import HistoryDesk
from gateway.desk.lately import Lately, newest_of
from gateway.desk.overview import SORTS, OverviewDesk
from gateway.desk.words import find_device
from gateway.journal import Changes, Journal
from gateway.journal import backwards as reading
from gateway.journal.backwards import chunks
from gateway.journal.looking import looking
from gateway.model import Device, Eui64, Place, TimeQuality
from tests.journal.samples import DEV_EUI, NOW, RECEPTION, clock, uplink

OTHER = Eui64("70b3d57ed0009999")
ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
HOUR = timedelta(hours=1)


def devices(count: int) -> Sequence[Device]:
    return [
        Device(
            dev_eui=Eui64(f"{0xA81758FFFE000000 + number:016x}"),
            name=f"Sensor {number}",
            tags=frozenset({"water" if number % 2 else "air"}),
            place=Place(57.7 + number / 1e5, 11.97),
        )
        for number in range(count)
    ]


def overview(known: Sequence[Device]) -> OverviewDesk:
    there = Lately(Codecs(Registry.load().get), {one.dev_eui: one for one in known}.get)
    for number, one in enumerate(known[: len(known) // 2]):
        heard = replace(RECEPTION, rssi_dbm=-60.0 - number % 50)
        there.take([replace(uplink(number, one.dev_eui), receptions=(heard,))])
    return OverviewDesk(lambda: known, dict, lambda _: None, there, clock)


async def listed(desk: OverviewDesk, **wanted: Any) -> Any:
    usual = {"search": "", "tag": "", "sort": "name", "offset": 0, "limit": 50}
    return await desk.answer({"do": "overview.devices", **usual, **wanted})


@pytest.mark.parametrize("sort", [name for one in sorted(SORTS) for name in (one, f"-{one}")])
async def test_what_is_not_known_comes_last_whichever_way_round(sort: str) -> None:
    desk = overview(devices(40))
    name = sort.removeprefix("-")

    found = [one[name] for one in (await listed(desk, sort=sort))["devices"]]

    known = [one for one in found if one is not None]
    assert found == known + [None] * (40 - len(known))
    if name not in {"name", "decoder"}:
        assert known == sorted(known, reverse=sort.startswith("-"))


async def test_a_page_is_a_part_of_what_fits() -> None:
    desk = overview(devices(40))

    found = await listed(desk, search="SENSOR 00002", tag="water", offset=2, limit=3)

    assert found["total"] == 4
    assert found["registered"] == 40
    assert [one["name"] for one in found["devices"]] == ["Sensor 37", "Sensor 39"]
    assert found["tags"] == {"air": 20, "water": 20}


async def test_five_thousand_devices_are_listed_in_the_time_of_a_blink() -> None:
    desk = overview(devices(5000))

    began = time.process_time()
    found = await listed(desk, sort="-rssi_dbm", limit=500)
    took_s = time.process_time() - began

    assert found["total"] == 5000
    assert took_s < 0.3  # of the processor; 0.03 here


async def test_the_site_is_in_metres_around_its_middle() -> None:
    site = await overview(devices(3)).answer({"do": "overview.site"})

    assert [round(one["y_m"]) for one in site["devices"]] == [-1, 0, 1]
    assert {one["x_m"] for one in site["devices"]} == {0.0}


class Registered:
    """Devices in memory, and how often all of them were asked for."""

    def __init__(self, *there: Device) -> None:
        self._there = there
        self.asked_for_all = 0

    async def device(self, dev_eui: Eui64) -> Device | None:
        """Return one."""
        return next((each for each in self._there if each.dev_eui == dev_eui), None)

    async def devices(self) -> Sequence[Device]:
        """Return all."""
        self.asked_for_all += 1
        return self._there


async def test_a_dev_eui_is_its_device_and_not_one_that_is_called_so() -> None:
    one, other = devices(2)
    registered = Registered(one, replace(other, name=one.dev_eui))

    found = [await find_device(text, registered) for text in (one.dev_eui, one.dev_eui.upper())]

    assert found == [one, one]


async def test_a_device_is_found_by_its_dev_eui_without_a_look_at_the_others() -> None:
    one, other = devices(2)
    registered = Registered(one, other)

    await find_device(one.dev_eui, registered)

    assert registered.asked_for_all == 0


async def test_a_device_is_found_by_its_name_whatever_its_case() -> None:
    one, other = devices(2)
    registered = Registered(one, replace(other, name="Stadsbiblioteket"))

    found = await find_device("STADSBIBLIOTEKET", registered)

    assert found.dev_eui == other.dev_eui


# ── the journal read back ──


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Path]:
    """A journal with an uplink of each of two devices in each of the last hours, in small commits and large ones."""
    path = tmp_path / "journal.db"
    journal = await Journal.open(path, clock=clock)
    for hours in range(60, 10, -1):
        await journal.commit(Changes(uplinks=tuple(_at(hours, one) for one in (DEV_EUI, OTHER))))
    await journal.commit(
        Changes(uplinks=tuple(_at(hours, one) for hours in range(10, 0, -1) for one in (DEV_EUI, OTHER)))
    )
    yield path
    await journal.close()


def _at(hours: int, dev_eui: Eui64) -> Any:
    at = replace(clock(), utc=NOW - hours * HOUR)
    return replace(uplink(1000 - hours, dev_eui, ERS), f_port=5, heard_at=at)


def past(path: Path, **about: Any) -> HistoryDesk:
    device = Device(dev_eui=DEV_EUI, decoder="elsys/ers")
    registry = Registry.load()
    return HistoryDesk(
        path, lambda _: device, lambda: Codecs(registry.get), dict, clock, about.get("trust", TimeQuality.NTP)
    )


@pytest.mark.parametrize("chunk", [1, 7, 20_000])
async def test_the_log_is_read_back_whole_in_chunks_of_any_size(
    kept: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)

    with looking(kept) as file:
        rows = [row for one in chunks(file) for row, _ in one.rows]
        theirs = [row for one in chunks(file, DEV_EUI) for row, _ in one.rows]

    assert rows == [*range(120, 0, -1)]
    assert len(theirs) == 60
    assert theirs == sorted(theirs, reverse=True)


async def test_the_past_has_what_lies_within_it_and_says_that_this_is_all(kept: Path) -> None:
    told = await past(kept).answer({"do": "history.of", "device": DEV_EUI, "hours": 24.5})

    temperature = next(one for one in told["series"] if one["quantity"] == "air_temperature")
    assert [value for _, value in temperature["points"]] == [22.6] * 24
    assert temperature["unit"] == "Cel"
    assert [at for at, _ in temperature["points"]] == sorted(at for at, _ in temperature["points"])
    assert len(told["radio"]) == 24
    assert told["is_all"] is True


async def test_a_look_that_found_enough_says_that_there_is_more(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_UPLINKS", 5)

    told = await past(kept).answer({"do": "history.of", "device": DEV_EUI, "hours": 24})

    assert len(told["radio"]) == 5
    assert told["is_all"] is False
    assert told["since"].startswith((NOW - 5 * HOUR).isoformat(timespec="minutes")[:16])


async def test_a_look_whose_time_is_over_says_so(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 10)
    monkeypatch.setattr(history, "LONGEST_LOOK_S", -1.0)

    told = await past(kept).answer({"do": "history.of", "device": DEV_EUI, "hours": 24})

    assert 0 < len(told["radio"]) < 24
    assert told["is_all"] is False


async def test_more_points_than_a_page_can_show_are_cut_at_the_old_end(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_POINTS", 30)

    told = await past(kept).answer({"do": "history.of", "device": DEV_EUI, "hours": 24})

    newest = max(at for one in told["series"] for at, _ in one["points"])
    assert told["is_all"] is False
    assert newest == pytest.approx((NOW - HOUR).timestamp(), abs=0.001)


async def test_after_a_start_it_is_known_who_was_heard_before(kept: Path) -> None:
    found = newest_of(kept, frozenset({DEV_EUI, Eui64("0" * 16)}))

    assert {one: last.heard_at.utc for one, last in found.items()} == {DEV_EUI: NOW - HOUR}


async def test_a_battery_is_what_the_device_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "BREATH_S", 0.0)
    device = Device(dev_eui=DEV_EUI, decoder="elsys/ers")
    told: list[lately.Said] = []
    there = Lately(Codecs(Registry.load().get), lambda _: device, told.append)
    with_battery = replace(
        uplink(1, DEV_EUI, bytes.fromhex("07 0e4b")), f_port=5
    )  # VDD 3659 mV (Elsys payload description)
    without = replace(uplink(2, DEV_EUI, ERS[:3]), f_port=5)

    there.take([with_battery])
    await there._decode([with_battery])
    there.take([without])
    await there._decode([without])

    last = there.of(DEV_EUI)
    assert last is not None
    assert last.battery_v == pytest.approx(3.659)
    assert [one.uplink.f_cnt for one in told] == [1, 2]
