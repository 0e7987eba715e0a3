"""A joined device moves from one box to another, or its box dies: it goes on without joining, and no counter comes twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from gateway.devices_file import write_csv_with_keys
from gateway.errors import BadFrameReason
from gateway.journal import Journal
from gateway.journal.copying import copy
from gateway.model import Eui64, MacVersion, moved_activation, uplink_id
from simulators.end_device import EndDevice
from tests.network.radio import StandingClock
from tests.onboarding.boxes import Box, box_on, registered

DEV_EUI = Eui64("a81758fffe051d02")
VERSIONS = [MacVersion.V1_0_2, MacVersion.V1_0_4, MacVersion.V1_1]


async def joined(box: Box, device: EndDevice) -> None:
    """Have a device in use: it joined twice, for a battery was changed, and was heard."""
    await box.journal.put_devices([registered(device)])
    await box.network.load()
    assert await box.join(device)
    assert await box.join(device)
    await box.hear(device, device.uplink(2, b"\x00"))
    await confirmed(box, device)


async def confirmed(box: Box, device: EndDevice) -> None:
    """Let a device ask for an answer, and hear it."""
    await box.hear(device, device.uplink(2, b"\x01", confirmed=True))
    assert device.hear(await box.answered()) is not None


async def exported(box: Box) -> str:
    return write_csv_with_keys(await box.journal.whole_devices())


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_device_that_moves_to_another_box_goes_on_without_joining(tmp_path: Path, version: MacVersion) -> None:
    device = EndDevice(DEV_EUI, mac_version=version, random=Random(1))
    async with box_on(tmp_path / "a" / "journal.db") as old:
        await joined(old, device)
        before, text, used = await old.uplinks(), await exported(old), old.downlink_counters()
    async with box_on(tmp_path / "b" / "journal.db") as new:
        problems = await new.take(text)
        await new.hear(device, device.uplink(2, b"\x02"))
        await confirmed(new, device)
        after, fresh = await new.uplinks(), new.downlink_counters()

    assert problems == []
    assert [(one.f_cnt, one.payload) for one in before + after] == [
        (0, b"\x00"),
        (1, b"\x01"),
        (2, b"\x02"),
        (3, b"\x01"),
    ]
    assert {one.activation for one in after} == {before[0].activation}
    assert after[0].id == uplink_id(DEV_EUI, before[0].activation, 2)
    assert min(fresh) == max(used) + 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_moved_device_joins_anew_and_no_nonce_of_the_old_box_is_used_again(
    tmp_path: Path, version: MacVersion
) -> None:
    device = EndDevice(DEV_EUI, mac_version=version, random=Random(1))
    async with box_on(tmp_path / "a" / "journal.db") as old:
        await old.journal.put_devices([registered(device)])
        await old.network.load()
        recorded = device.join_request()
        await old.hear(device, recorded)
        assert device.accept(await old.answered())
        await old.hear(device, device.uplink(2, b"\x00"))
        first_nonce, text = device.join_nonce, await exported(old)
    async with box_on(tmp_path / "b" / "journal.db") as new:
        await new.take(text)
        await new.hear(device, recorded)
        replayed = new.network.refused[BadFrameReason.REPLAYED_DEV_NONCE]
        rejoined = await new.join(device)
        await new.hear(device, device.uplink(2, b"\x01"))
        heard = [one.f_cnt for one in await new.uplinks()]

    assert replayed == 1
    assert rejoined
    assert (first_nonce, device.join_nonce) == (0, 1)
    assert heard == [0]


async def test_a_session_of_unknown_name_gets_the_name_of_one_from_elsewhere(tmp_path: Path) -> None:
    device = EndDevice(DEV_EUI, random=Random(1))
    async with box_on(tmp_path / "a" / "journal.db") as old:
        await joined(old, device)
        header, row = (await exported(old)).splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | {"session_name": ""}
    async with box_on(tmp_path / "b" / "journal.db") as new:
        await new.take(f"{','.join(cells)}\n{','.join(cells.values())}\n")
        (session,) = await new.journal.sessions()

    assert session.activation == moved_activation(DEV_EUI, session.dev_addr, session.keys)


async def test_a_moved_session_that_was_never_heard_is_no_unused_join(tmp_path: Path) -> None:
    device = EndDevice(DEV_EUI, random=Random(1))
    async with box_on(tmp_path / "a" / "journal.db") as old:
        await old.journal.put_devices([registered(device)])
        await old.network.load()
        assert await old.join(device)
        (session,) = await old.journal.sessions()
    name = moved_activation(DEV_EUI, session.dev_addr, session.keys)
    async with box_on(tmp_path / "b" / "journal.db") as new:
        await new.journal.put_devices([replace(registered(device), session=replace(session, activation=name))])
        await new.network.load()
        for number in range(3):  # requests whose answers the device does not hear
            again = EndDevice(DEV_EUI, app_key=device.app_key, random=Random(number + 2))
            await new.hear(again, again.join_request())
        await new.hear(device, device.uplink(2, b"\x07"))
        heard = [(one.activation, one.payload) for one in await new.uplinks()]

    assert heard == [(name, b"\x07")]


async def test_an_import_with_greater_counters_reaches_a_network_that_runs(tmp_path: Path) -> None:
    device = EndDevice(DEV_EUI, random=Random(1))
    async with box_on(tmp_path / "a" / "journal.db") as box:
        await joined(box, device)
        registration, *_ = await box.journal.whole_devices()
        assert registration.session is not None
        ahead = replace(registration.session, n_f_cnt_down=500)
        await box.journal.put_devices([replace(registration, session=ahead)])
        await box.network.load()

        await confirmed(box, device)

        assert box.downlink_counters()[-1] == 500


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_restored_box_never_reuses_a_downlink_counter_or_a_join_nonce(
    tmp_path: Path, version: MacVersion
) -> None:
    device = EndDevice(DEV_EUI, mac_version=version, random=Random(1))
    path, saved = tmp_path / "a" / "journal.db", tmp_path / "b" / "journal.db"
    saved.parent.mkdir()
    async with box_on(path) as box:
        await joined(box, device)
        copy(path, saved)
        for _ in range(3):
            await confirmed(box, device)
        used = box.downlink_counters()
        nonces = [await box.journal.join_nonce(DEV_EUI)]
    (saved.parent / "brygga.key").write_bytes((path.parent / "brygga.key").read_bytes())
    journal = await Journal.open(saved, clock=StandingClock())
    await journal.box.restored("here", "restored")
    await journal.close()
    async with box_on(saved) as box:
        for _ in range(3):
            await confirmed(box, device)
        fresh, kept = box.downlink_counters(), [one.f_cnt for one in await box.uplinks()]
        joins = await box.join(device)
        nonces.append(device.join_nonce or 0)

    assert len(used) >= 4
    assert min(fresh) > max(used)
    assert kept == [0, 1, 5, 6, 7]
    assert joins
    assert nonces[1] > nonces[0]
