"""Sessions that were retired: a state that comes late does not bring them back, a new beginning does."""

from __future__ import annotations

import asyncio

from gateway.journal import Changes, Journal
from tests.journal.samples import ACTIVATION, CITY, DEV_EUI, session, uplink

NAME = (DEV_EUI, ACTIVATION)
RETIRED = Changes(retired=(NAME,))
LATE = Changes(uplinks=(uplink(7),), sessions=(session(8),), mac_states=((*NAME, b"state"),))


async def test_a_late_state_of_a_retired_session_is_passed_over_and_its_uplink_kept(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(session(7),)))
    await journal.commit(RETIRED)

    await journal.commit(LATE)

    assert await journal.sessions() == ()
    assert journal.mac_state(session(8)) is None
    assert [row.uplink.f_cnt for row in await journal.read(CITY, 10)] == [7]


async def test_a_late_state_in_the_same_transaction_is_passed_over_too(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(session(7),)))

    await asyncio.gather(journal.commit(RETIRED), journal.commit(LATE))

    assert await journal.sessions() == ()


async def test_a_retired_session_that_is_begun_again_is_there_and_moves_on(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(session(7),)))
    await journal.commit(RETIRED)

    await journal.commit(Changes(sessions=(session(0),), begun=(NAME,)))
    await journal.commit(Changes(sessions=(session(3),)))

    assert await journal.sessions() == (session(3),)
