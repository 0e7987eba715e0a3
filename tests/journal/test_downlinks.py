"""The network's side of the journal: downlinks, MAC states, events, frames of nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, Event, Journal
from gateway.journal import downlinks as downlinks_module
from gateway.model import Downlink, DownlinkState, Eui64, Frame
from tests.journal.samples import ACTIVATION, DEV_EUI, NOW, RECEPTION, clock, session

DOWNLINK = Downlink(
    id=1,
    dev_eui=DEV_EUI,
    f_port=10,
    payload=b"\x01\x02",
    queued_at=NOW,
    confirmed=True,
    priority=3,
    expires_at=NOW + timedelta(hours=1),
    reference="order 17",
)
OTHER = replace(DOWNLINK, id=2, dev_eui=Eui64("70b3d57ed0001235"), expires_at=None, confirmed=False)


async def stored(journal: Journal, downlinks: Sequence[Downlink]) -> None:
    await journal.commit(Changes(downlinks=tuple(downlinks)))


async def test_downlinks_come_back_as_they_were_also_after_a_restart(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await stored(journal, [DOWNLINK, OTHER])
    await journal.close()

    journal = await Journal.open(path, clock=clock)
    assert await journal.downlinks() == [DOWNLINK, OTHER]
    assert await journal.downlinks(DEV_EUI) == [DOWNLINK]
    assert await journal.last_downlink() == 2
    await journal.close()


async def test_a_downlink_that_came_to_its_end_is_no_longer_open(journal: Journal) -> None:
    await stored(journal, [DOWNLINK, OTHER])
    sent = replace(DOWNLINK, state=DownlinkState.SENT, tries=1, f_cnt=7, sent_at=NOW)
    await stored(journal, [sent, replace(OTHER, state=DownlinkState.FAILED, detail="too long")])

    assert await journal.downlinks(open_only=True) == [sent]

    acknowledged = replace(sent, state=DownlinkState.ACKNOWLEDGED)
    await stored(journal, [acknowledged])
    assert await journal.downlinks(open_only=True) == []
    assert await journal.downlinks(DEV_EUI) == [acknowledged]


async def test_old_ends_give_way_and_open_ones_stay(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downlinks_module, "KEPT_ENDED", 3)
    await stored(journal, [DOWNLINK])
    for number in range(2, 9):
        await stored(journal, [replace(DOWNLINK, id=number, state=DownlinkState.ACKNOWLEDGED)])

    assert [one.id for one in await journal.downlinks()] == [1, 6, 7, 8]


async def test_a_mac_state_goes_with_its_session(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    first = session(1)
    await journal.commit(Changes(sessions=(first,), mac_states=((DEV_EUI, ACTIVATION, b"state 1"),)))
    await journal.commit(Changes(mac_states=((DEV_EUI, ACTIVATION, b"state 2"), (DEV_EUI, "unknown", b"nobody's"))))
    known = journal.mac_state(first)
    await journal.close()

    journal = await Journal.open(path, clock=clock)
    restored = journal.mac_state(first)
    second = session(0, "26011bda-000002")
    await journal.commit(Changes(sessions=(second,), retired=((DEV_EUI, ACTIVATION),)))
    gone, fresh = journal.mac_state(first), journal.mac_state(second)
    await journal.close()

    assert (known, restored, gone, fresh) == (b"state 2", b"state 2", None, None)


async def test_a_mac_state_that_the_disk_refused_is_not_remembered(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(session(1),), mac_states=((DEV_EUI, ACTIVATION, b"state 1"),)))
    journal._store.quota = replace(journal._store.quota, log_pages=1, all_pages=1)

    with pytest.raises(StorageError):
        await journal.commit(Changes(mac_states=((DEV_EUI, ACTIVATION, bytes(100_000)),)))

    assert journal.mac_state(session(1)) == b"state 1"


async def test_the_last_events_of_each_device_are_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downlinks_module, "KEPT_EVENTS", 3)
    events = [Event(DEV_EUI, NOW + timedelta(seconds=number), f"joined, {number}") for number in range(5)]
    await journal.commit(Changes(events=(Event(OTHER.dev_eui, NOW, "joined"),)))
    for event in events:
        await journal.commit(Changes(events=(event,)))

    assert await journal.events(DEV_EUI) == events[2:]
    assert len(await journal.events(OTHER.dev_eui)) == 1


async def test_frames_of_nobody_are_a_ring(path: Path) -> None:
    frames = [Frame(bytes([number]) * 20, (RECEPTION,), clock()) for number in range(5)]
    journal = await Journal.open(path, clock=clock)
    await journal.keep_unclaimed(frames[:3], kept=3)
    await journal.keep_unclaimed(frames[3:], kept=3)
    await journal.close()

    journal = await Journal.open(path, clock=clock)
    ring = await journal.unclaimed()
    await journal.forget_unclaimed([ring[0].id])
    left = await journal.unclaimed()
    await journal.close()

    assert [one.frame for one in ring] == frames[2:]
    assert [one.frame for one in left] == frames[3:]
