"""States of commands in the journal: there with the downlink they are of, until they were told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, Journal
from gateway.model import REFUSED, CommandState, Downlink, DownlinkState
from tests.journal.samples import CITY, DEV_EUI, NOW, clock

DOWNLINK = Downlink(
    id=1, dev_eui=DEV_EUI, f_port=10, payload=b"\x01", queued_at=NOW, confirmed=True, reference="order 7", origin=CITY,
    origin_key="order 7",
)  # fmt: skip
SENT = replace(DOWNLINK, state=DownlinkState.SENT, tries=1, f_cnt=3, sent_at=NOW)
OURS = replace(DOWNLINK, id=2, reference="", origin="", origin_key="")
REFUSAL = CommandState(
    destination=CITY,
    reference="order 8",
    state=REFUSED,
    at=NOW,
    time_quality=clock().quality,
    dev_eui="room 3",
    detail="no such device",
)


async def told(journal: Journal) -> list[str]:
    """Return the states that wait, in their order."""
    return [state.state for _, state in await journal.command_states.read(CITY, 100)]


async def test_each_state_waits_in_its_order_also_after_a_restart(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.commit(Changes(downlinks=(DOWNLINK, OURS)))
    await journal.commit(Changes(downlinks=(SENT,), command_states=(REFUSAL,)))
    await journal.close()

    journal = await Journal.open(path, clock=clock)
    waiting = await journal.command_states.read(CITY, 100)
    count = journal.command_states.waiting(CITY)
    await journal.close()

    queued = CommandState(
        destination=CITY,
        reference="order 7",
        state="queued",
        at=NOW,
        time_quality=clock().quality,
        dev_eui=DEV_EUI,
        downlink=1,
    )
    assert [state for _, state in waiting] == [queued, replace(queued, state="sent", f_cnt=3, tries=1), REFUSAL]
    assert count == 3


async def test_what_was_told_is_forgotten_and_nothing_else(journal: Journal) -> None:
    await journal.commit(Changes(downlinks=(DOWNLINK,), command_states=(REFUSAL,)))
    ((number, _), _) = await journal.command_states.read(CITY, 100)

    await journal.command_states.told(CITY, [number])

    assert await told(journal) == [REFUSED]
    assert journal.command_states.waiting(CITY) == 1


async def test_two_states_of_one_downlink_in_one_commit_are_both_told(journal: Journal) -> None:
    again = replace(DOWNLINK, tries=1, detail="not acknowledged after 1 tries")

    await journal.commit(Changes(downlinks=(again, replace(again, state=DownlinkState.SENT, tries=2))))

    assert await told(journal) == ["queued", "sent"]
    assert [one.state for one in await journal.downlinks()] == ["sent"]


async def test_whoever_waits_is_woken_by_the_commit(journal: Journal) -> None:
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(5):
        waiting = tasks.create_task(journal.command_states.wait(CITY), name="waiting")
        await asyncio.sleep(0)
        assert not waiting.done()

        await journal.commit(Changes(downlinks=(DOWNLINK,)))


async def test_what_the_disk_did_not_take_is_not_told(journal: Journal) -> None:
    journal._store.quota = replace(journal._store.quota, log_pages=1, all_pages=1)

    with pytest.raises(StorageError):
        await journal.commit(Changes(downlinks=(replace(DOWNLINK, payload=bytes(100_000)),)))

    assert await told(journal) == []
    assert journal.command_states.waiting(CITY) == 0


async def test_a_destination_takes_its_states_with_it(journal: Journal) -> None:
    await journal.add_destination("leaving", from_start=True)
    await journal.commit(Changes(downlinks=(replace(DOWNLINK, origin="leaving"),)))

    ((number, _),) = await journal.command_states.read("leaving", 10)

    await journal.remove_destination("leaving")
    await journal.command_states.told("leaving", [number])

    assert await journal.command_states.read("leaving", 10) == []
    assert journal.command_states.waiting("leaving") == 0


async def test_a_downlink_is_found_by_its_number(journal: Journal) -> None:
    await journal.commit(Changes(downlinks=(DOWNLINK,)))

    assert await journal.downlink(1) == DOWNLINK
    assert await journal.downlink(2) is None
