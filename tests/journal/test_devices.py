from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from gateway.journal import Changes, ImportResult, Journal, Registration, registrations
from gateway.journal import devices as registry
from gateway.journal.sessions import eui_number
from gateway.journal.vault import Vault
from gateway.model import (
    Activation,
    Device,
    Entity,
    Eui64,
    Key,
    MacVersion,
    Place,
    RootKeys,
    dev_addr,
    eui64,
)
from tests.journal.samples import abp, clock, otaa, session

FULL = Registration(
    device=Device(
        dev_eui=eui64("ffb3d57ed0001234"),
        name="Torget väst",
        decoder="elsys/ers",
        mac_version=MacVersion.V1_1,
        device_class="C",
        join_eui=eui64("70b3d57ed0000000"),
        entity=Entity("WeatherObserved", "torget-1"),
        place=Place(57.7, 11.97),
        tags=frozenset({"air", "öppen"}),
        adr_margin_db=15.0,
        counter_reset_allowed=True,
        answered_by="city server",
    ),
    root_keys=RootKeys(app_key=Key(bytes(16)), nwk_key=Key(bytes(range(16)))),
)


async def test_a_device_comes_back_as_it_was_registered(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.put_devices([FULL, abp(1)])
    await journal.close()

    journal = await Journal.open(path, clock=clock)

    assert await journal.devices() == [abp(1), FULL]
    await journal.close()


async def test_some_devices_are_read_without_the_others(journal: Journal) -> None:
    await journal.put_devices([abp(1), abp(2), FULL])

    found = await journal.devices([FULL.device.dev_eui, abp(2).device.dev_eui, eui64("a81758fffe0a0001")])

    assert found == [abp(2), FULL]
    assert await journal.devices([]) == []


async def test_more_devices_are_read_than_one_question_names(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MOST_NAMED", 1)
    await journal.put_devices([abp(1), abp(2), FULL])

    found = await journal.devices([FULL.device.dev_eui, abp(2).device.dev_eui])

    assert found == [abp(2), FULL]


def test_a_record_without_wishes_is_read_as_one_of_a_device_that_has_none() -> None:
    vault = Vault(bytes(32))
    fields = cbor2.loads(registrations.encode(FULL, vault))
    older = cbor2.dumps([registrations.SEALED, *fields[1:-3]])

    read = registrations.decode(eui_number(FULL.device.dev_eui), older, vault)

    bare = replace(FULL.device, adr_margin_db=None, counter_reset_allowed=False, answered_by="")
    assert read == replace(FULL, device=bare)


def test_a_record_that_says_nothing_of_who_answers_is_read_as_one_of_a_device_that_the_agent_answers() -> None:
    vault = Vault(bytes(32))
    fields = cbor2.loads(registrations.encode(FULL, vault))
    older = cbor2.dumps([registrations.WISHES, *fields[1:-1]])

    read = registrations.decode(eui_number(FULL.device.dev_eui), older, vault)

    assert read == replace(FULL, device=replace(FULL.device, answered_by=""))


async def test_the_number_of_an_activation_never_moves_back(journal: Journal) -> None:
    device = abp(1)
    await journal.put_devices([device])
    dev_eui = device.device.dev_eui

    await journal.commit(Changes(abp_activations=((dev_eui, 7),)))
    await journal.commit(Changes(abp_activations=((dev_eui, 3),)))

    assert await journal.abp_activations() == {dev_eui: 7}


async def test_ten_thousand_devices_are_imported_and_the_same_file_changes_nothing(journal: Journal) -> None:
    devices = [*(abp(index) for index in range(5000)), *(otaa(index) for index in range(5000))]
    before = (await journal.stats()).commits

    assert await journal.put_devices(devices) == ImportResult(added=10_000, changed=0, unchanged=0)
    assert (await journal.stats()).commits == before + 1
    moved = replace((await journal.sessions())[0], f_cnt_up=77)
    await journal.commit(Changes(sessions=(moved,)))

    assert await journal.put_devices(devices) == ImportResult(added=0, changed=0, unchanged=10_000)
    sessions = await journal.sessions()
    assert len(sessions) == 5000
    assert sessions[0].f_cnt_up == 77


async def test_a_changed_name_changes_the_device_and_not_its_counters(journal: Journal) -> None:
    await journal.put_devices([abp(1), otaa(1), otaa(2)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9),)))
    renamed = replace(abp(1), device=replace(abp(1).device, name="renamed"))

    assert await journal.put_devices([renamed, otaa(1, name="renamed"), otaa(2)]) == ImportResult(0, 2, 1)

    assert [known.f_cnt_up for known in await journal.sessions()] == [9]
    assert [each.device.name for each in await journal.devices()] == ["renamed", "renamed", "sensor"]


async def test_other_receive_settings_keep_the_counters(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9),)))
    given = abp(1).session
    assert given is not None

    result = await journal.put_devices([replace(abp(1), session=replace(given, rx1_delay_s=5))])

    assert result == ImportResult(0, 1, 0)
    assert await journal.sessions() == (replace(known, f_cnt_up=9, rx1_delay_s=5),)


async def test_other_keys_begin_the_next_activation(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9),)))

    assert await journal.put_devices([abp(1, key=7)]) == ImportResult(0, 1, 0)

    (after,) = await journal.sessions()
    assert (after.activation, after.f_cnt_up) == ("26011bda-abp1", 0)


async def test_another_address_begins_the_next_activation(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    given = abp(1).session
    assert given is not None

    await journal.put_devices([replace(abp(1), session=replace(given, dev_addr=dev_addr("26011bdb")))])

    assert [known.activation for known in await journal.sessions()] == ["26011bdb-abp1"]


async def test_a_declared_reset_begins_the_next_activation_once(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9),)))
    reset = abp(1, activation="26011bda-abp4")

    assert await journal.put_devices([reset]) == ImportResult(0, 1, 0)
    assert await journal.put_devices([reset]) == ImportResult(0, 0, 1)

    (after,) = await journal.sessions()
    assert (after.activation, after.f_cnt_up) == ("26011bda-abp4", 0)


async def test_counters_can_be_reset_by_device(journal: Journal) -> None:
    await journal.put_devices([abp(1), abp(2), otaa(1)])
    await journal.commit(Changes(sessions=tuple(replace(s, f_cnt_up=9) for s in await journal.sessions())))

    assert await journal.reset_counters([abp(1).device.dev_eui, otaa(1).device.dev_eui]) == 1

    states = {(known.activation, known.f_cnt_up) for known in await journal.sessions()}
    assert states == {("26011bda-abp0", 9), ("26011bda-abp1", 0)}


async def test_a_device_that_returns_never_gets_an_activation_twice(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    await journal.remove_devices([abp(1).device.dev_eui])

    await journal.put_devices([abp(1)])

    assert [known.activation for known in await journal.sessions()] == ["26011bda-abp1"]


async def test_a_removed_device_leaves_no_session_but_its_nonces(journal: Journal) -> None:
    dev_eui = otaa(1).device.dev_eui
    await journal.put_devices([otaa(1), abp(1)])
    await journal.commit(Changes(sessions=(session(3, dev_eui=dev_eui),), dev_nonces=((dev_eui, 5),)))

    assert await journal.remove_devices([dev_eui, eui64("0000000000000001")]) == 1

    assert [each.device.dev_eui for each in await journal.devices()] == [abp(1).device.dev_eui]
    assert [known.dev_eui for known in await journal.sessions()] == [abp(1).device.dev_eui]
    assert await journal.dev_nonces(dev_eui) == {5}


async def test_a_joined_session_stays_when_its_device_is_imported_again(journal: Journal) -> None:
    await journal.put_devices([otaa(1)])
    joined = session(3, dev_eui=otaa(1).device.dev_eui)
    await journal.commit(Changes(sessions=(joined,)))

    assert await journal.put_devices([otaa(1)]) == ImportResult(0, 0, 1)

    assert await journal.sessions() == (joined,)


async def test_a_device_that_becomes_otaa_loses_its_abp_session(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    now_otaa = Registration(device=replace(abp(1).device, activation=Activation.OTAA))

    assert await journal.put_devices([now_otaa]) == ImportResult(0, 1, 0)

    assert await journal.sessions() == ()


async def test_an_import_never_moves_a_counter_back(journal: Journal) -> None:
    await journal.put_devices([abp(1)])
    (known,) = await journal.sessions()

    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9), replace(known, rx1_delay_s=3))))

    assert [state.f_cnt_up for state in await journal.sessions()] == [9]


async def used(journal: Journal, registration: Registration) -> Eui64:
    """Register a device whose counters then move on; return its DevEUI."""
    await journal.put_devices([registration])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=9, n_f_cnt_down=5),)))
    return known.dev_eui


async def counted(journal: Journal) -> tuple[str, int, int]:
    (known,) = await journal.sessions()
    return known.activation, known.f_cnt_up, known.n_f_cnt_down


async def test_a_device_that_returns_with_its_keys_counts_on(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.remove_devices([await used(journal, abp(1))])
    await journal.close()
    journal = await Journal.open(path, clock=clock)

    await journal.put_devices([abp(1)])
    after = await counted(journal)
    await journal.close()

    assert after == ("26011bda-abp1", 9, 5)


async def test_a_device_that_returns_with_other_keys_begins_at_0(journal: Journal) -> None:
    await journal.remove_devices([await used(journal, abp(1))])

    await journal.put_devices([abp(1, key=7)])

    assert await counted(journal) == ("26011bda-abp1", 0, 0)


async def test_a_device_whose_old_keys_come_back_counts_on(journal: Journal) -> None:
    await used(journal, abp(1))
    await journal.put_devices([abp(1, key=7)])

    await journal.put_devices([abp(1)])

    assert await counted(journal) == ("26011bda-abp2", 9, 5)


async def test_a_device_that_returns_with_a_declared_reset_begins_at_0(journal: Journal) -> None:
    await journal.remove_devices([await used(journal, abp(1))])

    await journal.put_devices([abp(1, activation="26011bda-abp4")])

    assert await counted(journal) == ("26011bda-abp4", 0, 0)


async def test_counters_that_were_reset_since_are_those_that_a_device_returns_with(journal: Journal) -> None:
    dev_eui = await used(journal, abp(1))
    await journal.reset_counters([dev_eui])
    await journal.remove_devices([dev_eui])

    await journal.put_devices([abp(1)])

    assert await counted(journal) == ("26011bda-abp2", 0, 0)


async def test_a_reset_after_a_restore_is_no_return(journal: Journal) -> None:
    dev_eui = await used(journal, abp(1))
    await journal.remove_devices([dev_eui])
    await journal.put_devices([abp(1)])
    await journal.box.restored("here", "restored")

    await journal.reset_counters([dev_eui])

    assert (await counted(journal))[1:] == (0, 0)


async def test_a_commit_that_was_under_way_when_its_device_was_removed_counts(journal: Journal) -> None:
    dev_eui = await used(journal, abp(1))
    (known,) = await journal.sessions()
    late = replace(known, f_cnt_up=10, n_f_cnt_down=6)

    await asyncio.gather(journal.remove_devices([dev_eui]), journal.commit(Changes(sessions=(late,))))
    await journal.commit(Changes(sessions=(replace(late, f_cnt_up=11, n_f_cnt_down=7),)))
    await journal.put_devices([abp(1)])

    assert await counted(journal) == ("26011bda-abp1", 11, 7)
