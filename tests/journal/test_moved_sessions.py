"""Sessions and nonces that come from elsewhere: what an import does to what is here already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import ConfigError
from gateway.journal import Changes, ImportResult, Journal, Nonces, Registration
from gateway.model import Session, moved_activation
from tests.journal.samples import otaa, session

DEVICE = otaa(1)
DEV_EUI = DEVICE.device.dev_eui
MADE_HERE = session(0, dev_eui=DEV_EUI, key=40)


def elsewhere(f_cnt_up: int, *, key: int = 1, n_f_cnt_down: int = 0) -> Registration:
    """Return the device with a session that it has in another network."""
    there = session(f_cnt_up, dev_eui=DEV_EUI, key=key)
    name = moved_activation(DEV_EUI, there.dev_addr, there.keys)
    return replace(DEVICE, session=replace(there, activation=name, n_f_cnt_down=n_f_cnt_down))


def named(registration: Registration) -> Session:
    assert registration.session is not None
    return registration.session


async def test_a_moved_session_keeps_its_name_and_counters(journal: Journal) -> None:
    given = elsewhere(7, n_f_cnt_down=3)

    assert await journal.put_devices([given]) == ImportResult(1, 0, 0)
    assert await journal.put_devices([given]) == ImportResult(0, 0, 1)
    assert await journal.sessions() == (given.session,)


async def test_of_two_states_of_a_session_each_counter_is_the_greater(journal: Journal) -> None:
    await journal.put_devices([elsewhere(7, n_f_cnt_down=9)])

    assert await journal.put_devices([elsewhere(20, n_f_cnt_down=2)]) == ImportResult(0, 1, 0)
    (kept,) = await journal.sessions()
    assert (kept.f_cnt_up, kept.n_f_cnt_down) == (20, 9)


async def test_the_windows_that_a_session_has_here_stay(journal: Journal) -> None:
    given = elsewhere(7)
    await journal.put_devices([replace(given, session=replace(named(given), rx1_delay_s=5))])

    await journal.put_devices([elsewhere(8)])
    (kept,) = await journal.sessions()

    assert (kept.f_cnt_up, kept.rx1_delay_s) == (8, 5)


async def test_a_rejoin_elsewhere_ends_the_session_that_came_before(journal: Journal) -> None:
    await journal.put_devices([elsewhere(7)])

    await journal.put_devices([elsewhere(1, key=9)])

    assert await journal.sessions() == (elsewhere(1, key=9).session,)


async def test_a_device_that_is_heard_here_is_refused_with_all_others_and_nothing_is_imported(journal: Journal) -> None:
    other = otaa(2)
    heard = [replace(MADE_HERE, f_cnt_up=5), session(3, dev_eui=other.device.dev_eui, key=50)]
    await journal.put_devices([DEVICE, other])
    await journal.commit(Changes(sessions=tuple(heard)))
    brought = replace(other, session=session(9, "26011bda-moved-0123456789abcdef", dev_eui=other.device.dev_eui))

    with pytest.raises(ConfigError) as refused:
        await journal.put_devices([otaa(3), elsewhere(7), brought])

    assert [problem.split(":")[0] for problem in refused.value.problems] == [DEV_EUI, other.device.dev_eui]
    assert f"first `brygga device remove {DEV_EUI}`" in refused.value.problems[0]
    assert await journal.sessions() == tuple(heard)
    assert len(await journal.devices()) == 2


async def test_after_the_device_was_removed_its_session_from_elsewhere_is_taken(journal: Journal) -> None:
    await journal.put_devices([DEVICE])
    await journal.commit(Changes(sessions=(replace(MADE_HERE, f_cnt_up=5),)))
    await journal.remove_devices([DEV_EUI])

    await journal.put_devices([elsewhere(7)])

    assert await journal.sessions() == (elsewhere(7).session,)


async def test_a_join_here_that_nobody_answered_gives_way(journal: Journal) -> None:
    await journal.put_devices([DEVICE])
    await journal.commit(Changes(sessions=(MADE_HERE,)))

    await journal.put_devices([elsewhere(7)])

    assert await journal.sessions() == (elsewhere(7).session,)


async def test_a_join_here_after_the_move_survives_a_second_import_of_the_file(journal: Journal) -> None:
    await journal.put_devices([elsewhere(7)])
    await journal.commit(Changes(sessions=(MADE_HERE,)))

    assert await journal.put_devices([elsewhere(7)]) == ImportResult(0, 0, 1)
    assert await journal.sessions() == (elsewhere(7).session, MADE_HERE)


async def test_a_session_that_went_away_and_came_back_keeps_the_name_it_has_here(journal: Journal) -> None:
    await journal.put_devices([DEVICE])
    await journal.commit(Changes(sessions=(replace(MADE_HERE, f_cnt_up=5),)))
    away = replace(DEVICE, session=replace(MADE_HERE, activation="26011bda-moved-0123456789abcdef", f_cnt_up=90))

    await journal.put_devices([away])

    assert await journal.sessions() == (replace(MADE_HERE, f_cnt_up=90),)


async def test_a_moved_session_leaves_no_abp_activation(journal: Journal) -> None:
    await journal.put_devices([elsewhere(7)])

    assert await journal.reset_counters([DEV_EUI]) == 0


async def test_nonces_of_another_network_are_added_and_never_move_back(journal: Journal) -> None:
    await journal.commit(Changes(dev_nonces=((DEV_EUI, 1),), join_nonces=((DEV_EUI, 8),)))

    for join_nonce, dev_nonces in ((20, {2, 3}), (5, {3, 4})):
        nonces = Nonces(dev_eui=DEV_EUI, join_nonce=join_nonce, dev_nonces=frozenset(dev_nonces))
        await journal.put_devices([replace(DEVICE, nonces=nonces)])

    assert await journal.dev_nonces(DEV_EUI) == {1, 2, 3, 4}
    assert await journal.join_nonce(DEV_EUI) == 20


async def test_whole_devices_have_the_session_in_use_and_their_nonces(journal: Journal) -> None:
    used, unheard = replace(MADE_HERE, f_cnt_up=5), replace(MADE_HERE, activation="26011bda-2", f_cnt_up=0)
    await journal.put_devices([DEVICE, otaa(2)])
    await journal.commit(
        Changes(sessions=(used, unheard), dev_nonces=((DEV_EUI, 1), (DEV_EUI, 2)), join_nonces=((DEV_EUI, 3),))
    )

    whole = {one.device.dev_eui: one for one in await journal.whole_devices()}

    assert whole[DEV_EUI].session == used
    assert whole[DEV_EUI].nonces == Nonces(dev_eui=DEV_EUI, join_nonce=3, dev_nonces=frozenset({1, 2}))
    assert whole[otaa(2).device.dev_eui] == otaa(2)


async def test_a_session_is_taken_again_after_its_device_was_removed(journal: Journal) -> None:
    await journal.put_devices([elsewhere(7)])
    await journal.remove_devices([DEV_EUI])

    await journal.put_devices([elsewhere(9)])

    assert await journal.sessions() == (elsewhere(9).session,)
