"""`brygga decode-again`: uplinks that were delivered are decoded anew, and what is new is delivered."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from decoders.registry import Registry
from gateway import revisions
from gateway.config import load
from gateway.desk import Desk
from gateway.errors import ConfigError
from gateway.journal import Changes, Journal, Settlement
from gateway.model import DevAddr, Json, RowId
from simulators.end_device import EndDevice
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.journal.samples import CITY, abp, clock, uplink
from tests.pipeline.rig import clock as rig_clock
from tests.pipeline.rig import ngsi_ld, registration, rig, until

MODEL = "acme/th"
OWNER = abp(0).device.dev_eui
KNOWS_ONE = """\
from decoders.contract import Decoded, Reading
def decode(payload):
    return Decoded((Reading("air_temperature", payload.data[0], "Cel"),), {}, ("tag 68 at 1 is not known",))
"""
KNOWS_TWO = """\
from decoders.contract import Decoded, Reading
def decode(payload):
    return Decoded((Reading("air_temperature", payload.data[0], "Cel"), Reading("relative_humidity", payload.data[1], "%")))
"""


def write(folder: Path, text: str) -> None:
    path = folder / f"{MODEL}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "expected"), [(1, None), (5, "acme/th@1"), (9, "acme/th@1"), (10, "acme/th@2"), (99, "acme/th@2")]
)
def test_the_memory_tells_which_revision_told_a_row(row: int, expected: str | None) -> None:
    memory: dict[str, Json] = {}
    memory.update(revisions.noted(memory, {(MODEL, "acme/th@1"): [RowId(5), RowId(7)]}))
    memory.update(revisions.noted(memory, {(MODEL, "acme/th@1"): [RowId(8)]}))
    memory.update(revisions.noted(memory, {(MODEL, "acme/th@2"): [RowId(10)]}))

    assert revisions.teller(memory, MODEL, OWNER, RowId(row)) == expected


def test_only_the_last_revisions_are_remembered() -> None:
    memory: dict[str, Json] = {}
    for number in range(1, 30):
        memory.update(revisions.noted(memory, {(MODEL, f"acme/th@{number}"): [RowId(number)]}))

    assert len(memory[revisions.key(MODEL)]) == revisions.MOST
    assert revisions.teller(memory, MODEL, OWNER, RowId(29)) == "acme/th@29"


async def test_a_city_gets_what_the_mended_decoder_reads_of_old_uplinks_and_nothing_a_second_time(
    tmp_path: Path,
) -> None:
    write(tmp_path / "own", KNOWS_ONE)
    device = EndDevice.abp(abp(0).device.dev_eui, DevAddr("00011234"))
    platform = NgsiLdReceiver()
    await platform.start()
    try:
        async with rig(tmp_path, '[decoders]\nfolder = "own"\n', ngsi_ld(platform.url)) as box:
            settings = load(tmp_path / "brygga.toml")
            desk = Desk(settings, box.agent.journal, rig_clock, box.agent)
            await box.register(registration(device, decoder=MODEL, name="Library"))
            roof = await box.roof()
            await roof.push(device.uplink(5, b"\x15\x40"))
            await until(lambda: box.agent.status()["destinations"]["platform"]["counts"].get("delivered") == 1)
            same = await desk.answer({"do": "decoding.again", "devices": ["Library"], "since": "1 d"})
            write(tmp_path / "own", KNOWS_TWO)
            await box.agent.devices_changed()
            mended = await desk.answer({"do": "decoding.again", "devices": ["Library"], "since": "1 d"})
            await until(lambda: box.agent.status()["destinations"]["platform"]["counts"].get("delivered") == 2)
    finally:
        await platform.stop()

    assert same["destinations"] == {"platform": {"again": 0, "known": 1, "left": 0}}
    assert mended["destinations"] == {"platform": {"again": 1, "known": 0, "left": 0}}
    [entity] = [one for (_, name), one in platform.kept.entities.items() if ":WeatherObserved:" in name]
    assert {"temperature", "relativeHumidity"} <= entity.keys()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "which devices?"),
        ({"devices": ["nobody"]}, "there is no device called 'nobody'"),
        ({"decoder": "acme/thx"}, "no device has the decoder acme/thx; did you mean acme/th?"),
        ({"devices": ["sensor 0"], "destination": "stad"}, "there is no destination stad"),
        ({"devices": ["sensor 0"], "since": "yesterday"}, "--since 'yesterday': '7 d', '12 h' or a time"),
    ],
)
async def test_what_is_wrong_with_a_wish_is_said(tmp_path: Path, request_: dict[str, Json], words: str) -> None:
    async with desk_of_one_device(tmp_path) as desk:
        with pytest.raises(ConfigError, match=re.escape(words)):
            await desk.answer({"do": "decoding.again", **request_})


async def test_all_devices_of_a_decoder_are_meant_by_its_name_and_force_tells_what_is_known(tmp_path: Path) -> None:
    async with desk_of_one_device(tmp_path) as desk:
        forced = await desk.answer({"do": "decoding.again", "decoder": MODEL, "force": True})

    assert forced == {"devices": 1, "uplinks": 2, "destinations": {CITY: {"again": 2, "known": 0, "left": 0}}}


@contextlib.asynccontextmanager
async def desk_of_one_device(folder: Path) -> AsyncIterator[Desk]:
    """Open the desk of a stopped agent whose one device was told twice by the decoder as it is."""
    write(folder / "own", KNOWS_TWO)
    (folder / "brygga.toml").write_text('[gateway]\ndata = "data"\n[decoders]\nfolder = "own"\n', encoding="utf-8")
    settings = load(folder / "brygga.toml")
    owned = abp(0, decoder=MODEL)
    journal = await Journal.open(folder / "journal.db", clock=clock, destinations=[CITY])
    try:
        await journal.put_devices([owned])
        rows = await journal.commit(Changes(uplinks=(uplink(1, owned.device.dev_eui), uplink(2, owned.device.dev_eui))))
        revision = Registry.load([folder / "own"], entry_points=False).get(MODEL).revision
        noted = revisions.noted({}, {(MODEL, f"{MODEL}@{revision}"): rows})
        await journal.settle(CITY, Settlement(delivered=frozenset(rows), memory=noted))
        yield Desk(settings, journal, clock)
    finally:
        await journal.close()


@pytest.mark.parametrize(
    ("row", "expected"), [(4, "acme/th@1"), (5, "acme/th@2"), (8, "acme/th@2"), (9, "acme/th@1"), (20, "acme/th@2")]
)
def test_what_was_told_anew_counts_before_what_was_told_first(row: int, expected: str) -> None:
    memory: dict[str, Json] = {}
    memory.update(revisions.noted(memory, {(MODEL, "acme/th@1"): [RowId(1)]}))
    memory.update(revisions.noted_again(memory, OWNER, [RowId(5), RowId(6)], "acme/th@2"))
    memory.update(revisions.noted_again(memory, OWNER, [RowId(6), RowId(8)], "acme/th@2"))
    memory.update(revisions.noted(memory, {(MODEL, "acme/th@2"): [RowId(20)]}))

    assert revisions.teller(memory, MODEL, OWNER, RowId(row)) == expected
    assert memory[revisions.key_again(OWNER)] == [[5, 8, "acme/th@2"]]


async def test_what_was_told_anew_is_not_told_a_second_time_and_again_when_the_old_decoder_is_back(
    tmp_path: Path,
) -> None:
    wish = {"do": "decoding.again", "devices": ["sensor 0"]}
    async with desk_of_one_device(tmp_path) as desk:
        write(tmp_path / "own", KNOWS_ONE)
        mended = await desk.answer(wish)
        second = await desk.answer(wish)
        write(tmp_path / "own", KNOWS_TWO)
        put_back = await desk.answer(wish)

    counts = [one["destinations"][CITY]["known"] for one in (mended, second, put_back)]
    assert counts == [0, 2, 0]
