"""The journal's way back from a newer version to an older one; both are this one here, and the newer journal says it is newer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.journal import Changes, Journal, Registration
from gateway.journal.box import DOWNLINK_MARGIN
from gateway.journal.schema import SCRIPTS
from gateway.model import Device, Key, MacVersion, RootKeys, dev_addr
from tests.agent.commands import Box, make_box
from tests.journal.samples import ACTIVATION, DEV_EUI, clock, keys, session, uplink

DEVICE = Registration(
    device=Device(dev_eui=DEV_EUI, name="torget", mac_version=MacVersion.V1_0_3),
    root_keys=RootKeys(app_key=Key(bytes(16))),
)
JOINED_ANEW = "26011bdb-000002"


@pytest.fixture
async def box(tmp_path: Path) -> Box:
    """A box with a device in its seventh uplink, of which a copy is kept."""
    made = make_box(tmp_path)
    made.journal.parent.mkdir()
    (tmp_path / "kept").mkdir()
    journal = await opened(made)
    await journal.put_devices([DEVICE])
    await journal.commit(Changes(uplinks=(uplink(6),), sessions=(replace(session(7), n_f_cnt_down=4),)))
    await journal.close()
    assert (await made.brygga("upgrade", "keep", "kept")).code == 0
    return made


async def opened(box: Box) -> Journal:
    return await Journal.open(box.journal, clock=clock, destinations=["goteborg"])


def become_newer(box: Box) -> None:
    """Do what a newer version does to a journal: nobody here can read it any more."""
    with closing(sqlite3.connect(box.journal)) as connection:
        connection.execute(f"PRAGMA user_version={len(SCRIPTS) + 1}")


async def told(box: Box) -> list[int]:
    """Return the counters of what waits for the city, in order."""
    journal = await opened(box)
    rows = [row.uplink.f_cnt for row in await journal.read("goteborg", 10)]
    await journal.close()
    return rows


async def test_what_was_heard_since_the_copy_and_its_counters_come_back_with_it(box: Box) -> None:
    journal = await opened(box)
    await journal.commit(Changes(uplinks=(uplink(7), uplink(8)), sessions=(replace(session(9), n_f_cnt_down=6),)))
    await journal.close()
    left = await box.brygga("upgrade", "leave", "kept")
    become_newer(box)

    back = await box.brygga("upgrade", "return", "kept")

    assert (left.code, back.code, back.complaints) == (0, 0, "")
    assert "2 uplinks that were heard since, and the counters of 1 devices, are taken in" in back.output
    assert await told(box) == [6, 7, 8]
    journal = await opened(box)
    (kept,) = await journal.sessions()
    await journal.close()
    assert (kept.f_cnt_up, kept.activation) == (9, ACTIVATION)  # a replay of 7 or 8 is refused
    assert kept.n_f_cnt_down == 4 + DOWNLINK_MARGIN


async def test_a_device_that_joined_since_need_not_join_again(box: Box) -> None:
    anew = replace(session(3, JOINED_ANEW, key=9), dev_addr=dev_addr("26011bdb"))
    journal = await opened(box)
    await journal.commit(
        Changes(
            sessions=(anew,),
            begun=((DEV_EUI, JOINED_ANEW),),
            retired=((DEV_EUI, ACTIVATION),),
            dev_nonces=((DEV_EUI, 17),),
            join_nonces=((DEV_EUI, 5),),
        )
    )
    await journal.close()
    await box.brygga("upgrade", "leave", "kept")
    become_newer(box)

    back = await box.brygga("upgrade", "return", "kept")

    assert (back.code, back.complaints) == (0, "")
    journal = await opened(box)
    (kept,) = await journal.sessions()
    nonces = await journal.dev_nonces(DEV_EUI)
    await journal.close()
    assert (kept.keys, kept.activation, kept.f_cnt_up) == (keys(9), JOINED_ANEW, 3)
    assert nonces == {17}


async def test_a_device_that_the_older_version_cannot_read_keeps_nobody_from_coming_back(box: Box) -> None:
    await box.brygga("upgrade", "leave", "kept")
    listed = box.folder / "kept" / "devices.csv"
    listed.write_text(listed.read_text().replace("1.0.3", "2.0"))
    become_newer(box)

    back = await box.brygga("upgrade", "return", "kept")

    assert back.code == 0
    assert "warning: devices.csv line 2: mac_version: '2.0' is none of" in back.complaints
    assert await told(box) == [6]


async def test_devices_added_and_removed_since_are_as_they_were_last(box: Box) -> None:
    await box.brygga("device", "remove", DEV_EUI)
    await box.brygga("device", "add", "--dev-eui", "a81758fffe0a0001", "--app-key", "00" * 16)
    await box.brygga("upgrade", "leave", "kept")
    become_newer(box)

    await box.brygga("upgrade", "return", "kept")

    listed = await box.brygga("device", "list", "--json")
    assert "a81758fffe0a0001" in listed.output
    assert DEV_EUI not in listed.output


async def test_without_what_the_newer_version_left_the_copy_comes_back_and_the_loss_is_said(box: Box) -> None:
    become_newer(box)

    back = await box.brygga("upgrade", "return", "kept")

    assert back.code == 0
    assert "warning: what was heard since is in the newer one alone" in back.complaints
    assert await told(box) == [6]
    assert len([*box.journal.parent.glob("journal.db.old-*")]) == 1


async def test_going_back_twice_is_going_back_once(box: Box) -> None:
    await box.brygga("upgrade", "leave", "kept")
    become_newer(box)
    await box.brygga("upgrade", "return", "kept")
    journal = await opened(box)
    await journal.commit(Changes(uplinks=(uplink(9),)))
    await journal.close()

    again = await box.brygga("upgrade", "return", "kept")

    assert again.output == "the journal is one that this version can read: nothing to put back\n"
    assert await told(box) == [6, 9]


async def test_going_back_keeps_its_hands_off_a_running_agent(box: Box) -> None:
    async with box.agent():
        refused = await box.brygga("upgrade", "leave", "kept")

    assert refused.code == 1
    assert "stop the agent first (systemctl stop brygga)" in refused.complaints


async def test_a_box_without_a_copy_is_told_so(box: Box, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    become_newer(box)

    refused = await box.brygga("upgrade", "return", "empty")

    assert refused.code == 78
    assert "there is no copy here of a journal before an upgrade" in refused.complaints


async def test_what_is_kept_and_left_is_nobody_else_s(box: Box, tmp_path: Path) -> None:
    await box.brygga("upgrade", "leave", "kept")

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "kept").iterdir()}

    assert modes == dict.fromkeys(("devices.csv", "heard.ndjson.gz", "journal.backup", "kept.json", "left.json"), 0o600)
