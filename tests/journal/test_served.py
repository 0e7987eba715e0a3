"""Uplinks that network servers told: kept with what the server made of them, known again in the same transaction."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import cbor2
import pytest

from gateway.commands.uplink_lines import line_of, uplink_of
from gateway.journal import Changes, Journal, Place, Served, served
from gateway.journal.groups import packed, unpacked
from gateway.journal.looking import looking
from gateway.journal.records import decode_uplink, encode_uplink
from gateway.journal.salvage.salvage import salvage
from gateway.journal.served import KEPT, ServedDevices
from gateway.journal.verifying import verify
from gateway.journal.words import Words
from gateway.model import NO_MONOTONIC, Instant, ServerDecoded, TimeQuality, Told, Uplink, eui64, name_based_uuid
from gateway.trial import carried
from tests.journal.samples import CITY, DEV_EUI, clock, uplink

OTHER = eui64("70b3d57ed0005678")
FIELDS = {"temperature": 21.5, "open": False, "none": None, "list": [1, {"a": ["ö"]}], "big": 2**60}
DECODED = [
    None,
    ServerDecoded(fields=FIELDS),
    ServerDecoded(normalised=[{"air": {"temperature": 21.5}}], goes_first=True),
    ServerDecoded(fields=[1, 2]),
]


def told(f_cnt: int, decoded: ServerDecoded | None = None) -> Uplink:
    at = Instant(datetime(2026, 11, 24, 11, 0, tzinfo=UTC), NO_MONOTONIC, "boot", TimeQuality.NTP)
    return replace(uplink(f_cnt), told=Told(source="campus", decoded=decoded), heard_at=at, receptions=())


def ids(count: int, first: int = 0) -> list[UUID]:
    return [name_based_uuid(UUID(int=1), str(number)) for number in range(first, first + count)]


def changes(one: Uplink, address: str = "app") -> Changes:
    return Changes(uplinks=(one,), served=(Served(one.dev_eui, "campus", address, one.id),))


@pytest.mark.parametrize("decoded", DECODED)
def test_a_row_comes_back_as_it_was_told(decoded: ServerDecoded | None) -> None:
    words, one = Words(), told(7, decoded)

    assert decode_uplink(encode_uplink(one, words), words) == one


def test_a_row_of_ones_own_is_written_as_ever() -> None:
    words = Words()

    fields = cbor2.loads(encode_uplink(uplink(7), words))

    assert (fields[0], len(fields)) == (1, 13)


def test_both_kinds_share_a_group_and_a_turned_bit_is_found_in_either() -> None:
    words = Words()
    uplinks = [told(n, DECODED[n % 4]) if n % 2 else uplink(n) for n in range(20)]

    stored = packed(1, [encode_uplink(one, words) for one in uplinks])
    alone = packed(7, [encode_uplink(told(3, DECODED[1]), words)])
    damaged = [bytearray(record) for _, record in (*stored, *alone)]
    for record in damaged:
        record[-20] ^= 4

    assert [decode_uplink(record, words) for _, record in unpacked(stored)] == uplinks
    for (row, _), record in zip((*stored, *alone), damaged, strict=True):
        readable = [one for one in unpacked([(row, bytes(record))]) if one[1][:1] in {b"\x8d", b"\x8e"}]
        assert readable == []


async def test_what_was_committed_is_known_after_a_restart(tmp_path: Path) -> None:
    path, one = tmp_path / "journal.db", told(7, DECODED[1])
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    before = journal.has_told(DEV_EUI, one.id)
    await journal.commit(changes(one))
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    (row,) = await journal.read(CITY, 10)
    known = [journal.has_told(DEV_EUI, one.id), journal.has_told(DEV_EUI, told(8).id), journal.has_told(OTHER, one.id)]
    place = journal.place_behind(DEV_EUI), journal.place_behind(OTHER)
    await journal.close()

    assert (before, known) == (False, [True, False, False])
    assert row.uplink == one
    assert place == (Place("campus", "app"), None)
    with looking(path) as found:
        assert verify(found, path.with_name("brygga.key"), lambda _done, _of: None).findings == []


async def test_a_salvage_keeps_rows_and_what_is_known_of_them(tmp_path: Path) -> None:
    path, uplinks = tmp_path / "journal.db", [told(n, DECODED[n % 4]) for n in range(60)]
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    for one in uplinks:
        await journal.commit(changes(one))
    await journal.commit(Changes(uplinks=tuple(uplink(n) for n in range(60, 90))))
    await journal.close()
    noise = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log_1'").fetchall()
    noise[(root - 1) * 512 : root * 512] = b"\xa5" * 512
    path.write_bytes(noise)

    salvage(path, "a test")
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await journal.read(CITY, 100)
    known = journal.has_told(DEV_EUI, uplinks[-1].id)
    await journal.close()

    assert [row.uplink for row in rows if row.uplink.told is not None] == uplinks
    assert known


async def test_rows_of_many_callers_in_one_commit_are_all_known(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=[CITY])
    uplinks = [told(n) for n in range(KEPT)]

    await asyncio.gather(*(journal.commit(changes(one)) for one in uplinks))
    known = [journal.has_told(DEV_EUI, one.id) for one in uplinks]
    await journal.close()

    assert all(known)


def test_only_the_last_ids_of_a_device_are_kept() -> None:
    devices, told_ids = ServedDevices(), ids(KEPT + 5)

    for one in told_ids:
        devices.stage([Served(DEV_EUI, "campus", "", one)])
        devices.confirm()

    assert [devices.has(DEV_EUI, one) for one in told_ids] == [False] * 5 + [True] * KEPT


def test_what_did_not_reach_the_disk_is_not_known() -> None:
    devices, (one,) = ServedDevices(), ids(1)

    devices.stage([Served(DEV_EUI, "campus", "", one)])
    devices.undo()

    assert not devices.has(DEV_EUI, one)
    assert devices.steps() == []


def test_an_id_that_lies_across_two_others_is_not_taken_for_one() -> None:
    first, second = ids(2)
    across = UUID(bytes=first.bytes[3:6] + second.bytes[:3] + first.bytes[6:])
    devices = ServedDevices()

    devices.stage([Served(DEV_EUI, "campus", "", one) for one in (first, second)])
    devices.confirm()

    assert devices.has(DEV_EUI, second)
    assert not devices.has(DEV_EUI, across)


def test_devices_told_least_lately_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "MOST_DEVICES", 3)
    devices, euis = ServedDevices(), [eui64(f"{number:016x}") for number in range(5)]
    forgotten: list[object] = []

    for eui, one in zip(euis, ids(5), strict=True):
        devices.stage([Served(eui, "campus", "", one)])
        forgotten = [step for step in devices.steps() if "DELETE" in getattr(step, "sql", "")]
        devices.confirm()

    assert [devices.place(eui) is not None for eui in euis] == [False, False, True, True, True]
    assert len(forgotten) == 1


@pytest.mark.parametrize("decoded", DECODED)
def test_a_line_of_an_export_brings_it_back_as_it_was(decoded: ServerDecoded | None) -> None:
    one = told(7, decoded)

    assert uplink_of(json.dumps(line_of(one, 12, "")).encode()) == one


@pytest.mark.parametrize("decoded", DECODED)
def test_what_a_trial_carries_is_whole(decoded: ServerDecoded | None) -> None:
    one = told(7, decoded)

    assert carried.uplink_of(json.loads(json.dumps(carried.uplink_as_json(one)))) == one
