"""Skipping ahead: after an older state came back no counter is used twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.journal import Changes, Journal
from gateway.journal.box import ABP_MARGIN, DOWNLINK_MARGIN, JOIN_NONCE_MARGIN, LAST_COUNTER
from gateway.model import Downlink, DownlinkState, MacVersion
from tests.journal.samples import DEV_EUI, NOW, abp, clock, otaa, session

V1_1 = replace(session(7, "26011bda-9", key=9), mac_version=MacVersion.V1_1, n_f_cnt_down=5, a_f_cnt_down=6)
OLD = replace(session(7), n_f_cnt_down=4)


async def counters(journal: Journal) -> list[tuple[int, int, int]]:
    return [(one.f_cnt_up, one.n_f_cnt_down, one.a_f_cnt_down) for one in await journal.sessions()]


async def test_a_restored_journal_skips_every_downlink_counter_and_no_uplink_counter(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.commit(Changes(sessions=(OLD, V1_1)))
    await journal.box.restored("here", "restored")
    await journal.close()
    journal = await Journal.open(path, clock=clock)
    after, skipped = await counters(journal), await journal.box.skipped_ahead()
    await journal.close()

    assert after == [(7, 4 + DOWNLINK_MARGIN, 0), (7, 5 + DOWNLINK_MARGIN, 6 + DOWNLINK_MARGIN)]
    assert skipped is not None
    assert (skipped.at, skipped.why) == (NOW, "restored")


async def test_a_counter_near_its_end_stays_within_32_bits(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(replace(OLD, n_f_cnt_down=LAST_COUNTER - 3),)))

    await journal.box.restored("here", "restored")

    assert await counters(journal) == [(7, LAST_COUNTER, 0)]


async def test_join_nonces_skip_also_those_of_devices_that_joined_first_after_the_backup(journal: Journal) -> None:
    never_joined = otaa(1).device.dev_eui
    await journal.commit(Changes(join_nonces=((DEV_EUI, 17),)))

    await journal.box.restored("here", "restored")
    await journal.box.restored("here", "restored again")

    assert await journal.join_nonce(DEV_EUI) == 17 + 2 * JOIN_NONCE_MARGIN
    assert await journal.join_nonce(never_joined) == 2 * JOIN_NONCE_MARGIN


async def test_the_next_abp_activation_is_one_that_no_reset_after_the_backup_had(journal: Journal) -> None:
    await journal.put_devices([abp(1)])

    await journal.box.restored("here", "restored")
    await journal.reset_counters([abp(1).device.dev_eui])

    (begun,) = await journal.sessions()
    assert begun.activation == f"26011bda-abp{1 + ABP_MARGIN}"


async def test_downlinks_that_waited_at_the_backup_are_dropped_with_a_reason(journal: Journal) -> None:
    waiting = Downlink(id=1, dev_eui=DEV_EUI, f_port=10, payload=b"\x01", queued_at=NOW)
    await journal.commit(Changes(downlinks=(waiting,)))

    await journal.box.restored("here", "restored")

    (dropped,) = await journal.downlinks()
    assert dropped.state is DownlinkState.DROPPED
    assert "may have been sent" in dropped.detail
    assert await journal.downlinks(open_only=True) == []


async def test_the_first_machine_is_remembered_and_nothing_skips(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(OLD,)))

    assert await journal.box.settle_on("here") is None
    assert await journal.box.settle_on("here") is None
    assert await counters(journal) == [(7, 4, 0)]
    assert await journal.box.skipped_ahead() is None


async def test_another_machine_skips_ahead_once(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(OLD,), join_nonces=((DEV_EUI, 17),)))
    await journal.box.settle_on("here")

    skipped = await journal.box.settle_on("there")
    again = await journal.box.settle_on("there")

    assert skipped is not None
    assert "another machine" in skipped.why
    assert again is None
    assert await counters(journal) == [(7, 4 + DOWNLINK_MARGIN, 0)]
    assert await journal.join_nonce(DEV_EUI) == 17 + JOIN_NONCE_MARGIN


async def test_a_machine_that_cannot_be_told_from_others_changes_nothing(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(OLD,)))
    await journal.box.settle_on("here")

    assert await journal.box.settle_on(None) is None
    assert await counters(journal) == [(7, 4, 0)]


async def test_a_restored_journal_is_at_home_where_it_was_restored(journal: Journal) -> None:
    await journal.box.settle_on("lost")
    await journal.box.restored("here", "restored")

    assert await journal.box.settle_on("here") is None


async def test_a_device_removed_before_the_backup_skips_ahead_when_it_returns(journal: Journal) -> None:
    device = abp(1)
    await journal.put_devices([device])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, n_f_cnt_down=4),)))
    await journal.remove_devices([device.device.dev_eui])

    await journal.box.restored("here", "restored")
    await journal.put_devices([device])

    assert await counters(journal) == [(0, 4 + DOWNLINK_MARGIN, 0)]
