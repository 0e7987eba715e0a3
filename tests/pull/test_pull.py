"""`brygga config pull`: what is taken, what is refused, and what is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import NoReturn

import pytest

from gateway.config import load
from gateway.errors import Brygga, Busy, ConfigError, StorageError
from gateway.model import Json
from gateway.pull.bundle import HEAD
from gateway.pull.memory import recall
from gateway.pull.placing import alone
from tests.pull.fleets import CITY, OTHERS, OWN, Agent, Operator, Taker, bundle, listening, status


async def refused(taker: Taker, **wishes: object) -> str:
    before = taker.fragment.read_bytes() if taker.fragment.exists() else None
    with pytest.raises(ConfigError) as caught:
        await taker.pull(**wishes)  # type: ignore[arg-type]  # wishes
    assert (taker.fragment.read_bytes() if taker.fragment.exists() else None) == before
    return str(caught.value)


async def test_a_signed_file_becomes_the_boxs_configuration(taker: Taker) -> None:
    taker.publish(bundle(1))

    outcome = await taker.pull()

    assert outcome.lines == (
        f"serial 1, signed by ops, is in {taker.fragment}; no agent runs, and its next start takes it",
    )
    assert [one.name for one in load(taker.toml).destinations] == ["city"]


async def test_the_same_file_again_changes_nothing(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    written = taker.fragment.stat().st_mtime_ns

    outcome = await taker.pull()

    assert outcome.lines == ("serial 1 is here already",)
    assert taker.fragment.stat().st_mtime_ns == written


async def test_an_older_file_is_not_taken_again(taker: Taker) -> None:
    taker.publish(bundle(2))
    await taker.pull()
    taker.publish(bundle(1, ""))

    assert "its serial is 1, and 2 was here before: an older file is not taken again" in await refused(taker)


async def test_the_same_serial_with_another_content_is_refused(taker: Taker) -> None:
    taker.publish(bundle(2))
    await taker.pull()
    taker.publish(bundle(2, ""))

    assert "its serial 2 was here before with another content" in await refused(taker)


async def test_a_file_whose_time_is_over_is_refused(taker: Taker) -> None:
    taker.publish(bundle(1))
    taker.now += timedelta(days=400)

    assert "it was good until 2027-01-01T00:00:00+00:00, and it is 2027-" in await refused(taker)


async def test_a_file_of_a_stranger_is_refused(taker: Taker, operator: Operator) -> None:
    taker.publish(bundle(1))
    Operator(operator.folder, "stranger").sign(taker.file)

    assert "signed by a key that is none of those that count here" in await refused(taker)


async def test_a_file_that_was_changed_is_refused_before_it_is_read(taker: Taker) -> None:
    taker.publish(bundle(1))
    taker.file.write_text("[bundle", encoding="utf-8")

    assert "it was changed after it was signed" in await refused(taker)


async def test_what_makes_the_configuration_wrong_is_refused_with_its_place(taker: Taker) -> None:
    taker.publish(bundle(1, CITY + "batch = 0\n"))

    assert await refused(taker) == (
        f"{taker.file.as_uri()}: brygga.d/50-fleet.toml: destination[0].batch: 0 where a whole number from 1 to 1000 is expected"
    )


async def test_a_new_file_mends_what_the_last_one_broke(taker: Taker) -> None:
    taker.fragment.parent.mkdir()
    taker.fragment.write_text(HEAD.format(serial=1) + "no TOML at all", encoding="utf-8")
    taker.publish(bundle(1))

    await taker.pull()

    assert [one.name for one in load(taker.toml).destinations] == ["city"]


# ── what the fleet no longer has ──


async def test_what_the_fleet_no_longer_has_for_a_box_goes(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    taker.publish(bundle(2, OTHERS))

    outcome = await taker.pull()
    again = await taker.pull()

    assert outcome.lines == (
        "serial 2, signed by ops, has nothing for this box: none of it stays here; no agent runs, and its next start takes it",
    )
    assert [path.name for path in taker.fragment.parent.glob("*.toml")] == []
    assert again.lines == ("serial 2 is here already",)


async def test_a_box_that_does_worse_without_it_has_it_back(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    old = taker.fragment.read_bytes()
    taker.publish(bundle(2, OTHERS))

    async with listening(taker, Agent(status(a="delivering"), status(a="stalled"))):
        outcome = await taker.pull(watch_s=0.2)
    again = await taker.pull()

    assert (outcome.is_well, outcome.lines[1]) == (False, "destination a is stalled: why")
    assert taker.fragment.read_bytes() == old
    assert again.lines[0].startswith("serial 2 was taken back: destination a is stalled: why")


async def test_what_would_be_wrong_without_it_is_found_before_it_goes(taker: Taker) -> None:
    taker.toml.write_text(OWN + '[[destination]]\nname = "city"\nbatch = 7\n', encoding="utf-8")
    taker.publish(bundle(1))
    await taker.pull()
    taker.publish(bundle(2, OTHERS))

    assert "destination[0]" in await refused(taker)


@pytest.mark.parametrize("own", ['[journal]\nlimit = "1 GB"\n', "no TOML at all"], ids=["right", "wrong"])
async def test_a_persons_own_file_is_never_removed_nor_written_over(taker: Taker, own: str) -> None:
    taker.fragment.parent.mkdir()
    taker.fragment.write_text(own, encoding="utf-8")
    taker.publish(bundle(1))
    first = await refused(taker)
    taker.publish(bundle(2, OTHERS))

    outcome = await taker.pull()

    assert "50-fleet.toml: `brygga config pull` has not put it there, and its own goes there" in first
    assert outcome.lines[0].endswith("50-fleet.toml is somebody's own and stays")
    assert taker.fragment.read_text(encoding="utf-8") == own


async def test_other_fragments_stay(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    (taker.fragment.parent / "60-own.toml").write_text('[journal]\nlimit = "1 GB"\n', encoding="utf-8")
    taker.publish(bundle(2, OTHERS))

    await taker.pull()

    assert [path.name for path in taker.fragment.parent.glob("*.toml")] == ["60-own.toml"]


async def test_a_fragment_that_a_person_has_changed_becomes_the_fleets_again(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    right = taker.fragment.read_text(encoding="utf-8")
    taker.fragment.write_text(right + "batch = 3\n", encoding="utf-8")

    await taker.pull()

    assert taker.fragment.read_text(encoding="utf-8") == right


async def test_a_power_cut_while_it_is_gone_brings_it_back_at_the_next_pull(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    old = taker.fragment.read_bytes()
    taker.publish(bundle(2, OTHERS))

    async def power_cut(*_: object) -> NoReturn:
        raise SystemError("the light goes out")

    with monkeypatch.context() as dark:
        dark.setattr("gateway.pull.pulling.watch", power_cut)
        async with listening(taker, Agent(status(a="delivering"))):
            with pytest.raises(SystemError):
                await taker.pull()
    in_the_dark = taker.fragment.exists()
    await taker.pull()

    assert not in_the_dark
    assert taker.fragment.read_bytes() == old


async def test_a_box_is_known_by_its_own_name_whatever_the_file_makes_of_it(taker: Taker) -> None:
    renamed = (
        '[[part]]\ngateways = ["roof-1"]\nconfiguration.gateway.data = "data"\nconfiguration.fleet.tags = ["south"]\n'
    )
    south = '[[part]]\ntags = ["south"]\nconfiguration.journal.limit = "2 GB"\n'
    taker.publish(bundle(1, renamed + south))
    await taker.pull()
    taker.publish(bundle(2, renamed + south))

    await taker.pull()

    assert "2 GB" not in taker.fragment.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (None, 0o644, "fleet.keys: cannot be read: No such file or directory; it holds the public keys"),
        ("hello", 0o644, "fleet.keys line 1: 'ssh-ed25519 AAAA… name' is expected"),
        ("", 0o646, "every user can write to it, and so configure this box"),
    ],
    ids=["absent", "wrong", "open"],
)
async def test_keys_that_cannot_count_are_said(taker: Taker, text: str | None, mode: int, words: str) -> None:
    taker.publish(bundle(1))
    keys = taker.folder / "fleet.keys"
    if text is None:
        keys.unlink()
    else:
        keys.write_text(text, encoding="utf-8")
        keys.chmod(mode)

    assert words in await refused(taker)


async def test_two_at_a_time_are_one_too_many(taker: Taker) -> None:
    taker.publish(bundle(1))
    (taker.folder / "data").mkdir()

    with alone(taker.folder / "data"), pytest.raises(Busy, match="another `brygga config pull` is under way"):
        await taker.pull()


async def test_what_is_known_of_the_serial_is_not_guessed_where_it_is_damaged(taker: Taker) -> None:
    taker.publish(bundle(1))
    (taker.folder / "data").mkdir()
    (taker.folder / "data" / "fleet.json").write_text("{", encoding="utf-8")

    assert "fleet.json: is damaged" in await refused(taker)


# ── the running agent ──


async def test_the_agent_reloads_and_is_watched_until_all_goes_as_well_as_before(taker: Taker) -> None:
    taker.publish(bundle(1))
    agent = Agent(status(a="delivering"), status(a="stalled"), status(a="delivering"))

    told: list[str] = []
    async with listening(taker, agent):
        outcome = await taker.pull(watch_s=30.0, tell=told.append)

    assert outcome.is_well
    assert [line.partition("; ")[2] for line in told] == ["for 30 s at most it is watched how this box does with it"]
    assert outcome.lines[1:] == ("destination city: added",)
    assert agent.asked == ["status", "reload", "status", "status"]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (status(a="stalled"), "destination a is stalled: why"),
        (status(a="refusing"), "destination a is refusing"),
        (status("", a="delivering"), "source mast hears nothing any more"),
    ],
    ids=["stalled", "refusing", "deaf"],
)
async def test_a_box_that_does_worse_has_its_old_configuration_back(
    taker: Taker, after: dict[str, object], words: str
) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    old = taker.fragment.read_bytes()
    taker.publish(bundle(2, CITY + "batch = 7\n"))
    agent = Agent(status(a="delivering"), after)

    async with listening(taker, agent):
        outcome = await taker.pull(watch_s=0.2)
        again = await taker.pull()

    assert (outcome.is_well, outcome.lines[1]) == (False, words)
    assert taker.fragment.read_bytes() == old
    assert agent.asked.count("reload") == 2
    assert (again.is_well, again.lines) == (
        False,
        (f"serial 2 was taken back: {words}. `--again` tries it once more; the next one is taken by itself",),
    )


async def test_a_first_file_that_is_taken_back_leaves_none(taker: Taker) -> None:
    taker.publish(bundle(1))

    async with listening(taker, Agent(status(a="delivering"), status(a="refusing"))):
        await taker.pull(watch_s=0.1)

    assert not taker.fragment.exists()
    assert recall(taker.folder / "data").serial == 1


async def test_what_was_taken_back_is_tried_once_more_when_a_person_says_so(taker: Taker) -> None:
    taker.publish(bundle(1))
    async with listening(taker, Agent(status(a="delivering"), status(a="refusing"))):
        await taker.pull(watch_s=0.1)

    outcome = await taker.pull(again=True)

    assert outcome.is_well
    assert taker.fragment.exists()


async def test_a_destination_that_has_nothing_to_say_is_knocked_at(taker: Taker, unused_tcp_port: int) -> None:
    taker.publish(bundle(1, CITY.replace(":9", f":{unused_tcp_port}")))
    agent = Agent(status(city="delivering"), status(city="no contact yet"))

    async with listening(taker, agent):
        outcome = await taker.pull(watch_s=0.1)

    assert not outcome.is_well
    assert f"destination city: http://127.0.0.1:{unused_tcp_port}: connection refused" in outcome.lines[1]
    assert not taker.fragment.exists()


async def test_a_configuration_that_the_agent_does_not_take_is_taken_back(taker: Taker) -> None:
    taker.publish(bundle(1))
    agent = Agent(status(a="delivering"), reload=ConfigError("brygga.toml: not now"))

    async with listening(taker, agent):
        outcome = await taker.pull()

    assert (outcome.is_well, outcome.lines[1]) == (False, "brygga.toml: not now")
    assert not taker.fragment.exists()


async def test_what_changes_nothing_here_disturbs_nobody(taker: Taker) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    taker.publish(bundle(2, CITY + '[[part]]\ngateways = ["other"]\nconfiguration.journal.limit = "1 GB"\n'))
    agent = Agent(status(a="delivering"))

    async with listening(taker, agent):
        outcome = await taker.pull()

    assert outcome.lines[0].endswith("it changes nothing here")
    assert agent.asked == []


async def test_boxes_do_not_come_at_once(taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    taker.publish(bundle(1))
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(delay: float) -> None:
        slept.append(delay)
        await sleep(0)

    monkeypatch.setattr("gateway.pull.pulling.asyncio.sleep", note)

    await taker.pull(jitter_s=600.0)

    assert 0 <= slept[0] <= 600.0


# ── what ends before it is seen how the box does ──


@pytest.mark.parametrize(
    "error",
    [Brygga("could not be read within 40 s"), StorageError("the disk is full")],
    ids=["not-read", "disk"],
)
async def test_whatever_the_agent_says_that_does_not_reload_the_old_file_comes_back(
    taker: Taker, error: Exception
) -> None:
    taker.publish(bundle(1))

    async with listening(taker, Agent(status(a="delivering"), reload=error)):
        outcome = await taker.pull()

    assert (outcome.is_well, str(error) in outcome.lines[1]) == (False, True)
    assert not taker.fragment.exists()
    assert recall(taker.folder / "data").is_taken_back


async def test_an_agent_that_does_not_take_the_old_file_either_is_said(taker: Taker) -> None:
    taker.publish(bundle(1))
    agent = Agent(status(a="delivering"), status(a="refusing"))
    reloads = iter([{"running": True}, ConfigError("brygga.toml: not now")])

    async def answer(request: Mapping[str, Json]) -> Json:
        if request["do"] != "reload":
            return agent.statuses.pop(0) if len(agent.statuses) > 1 else agent.statuses[0]
        if isinstance(said := next(reloads), Exception):
            raise said
        return said

    agent.answer = answer  # type: ignore[method-assign]
    async with listening(taker, agent):
        outcome = await taker.pull(watch_s=0.1)

    assert outcome.lines[1] == "destination a is refusing"
    assert outcome.lines[2].startswith("the agent has not taken the former file again: brygga.toml: not now")
    assert not taker.fragment.exists()


async def test_who_leaves_while_the_box_is_watched_has_the_old_file_back(taker: Taker) -> None:
    taker.publish(bundle(1))
    agent, told = Agent(status(a="delivering"), status(a="stalled")), list[str]()

    async with listening(taker, agent):
        pulling = asyncio.create_task(taker.pull(watch_s=600.0, tell=told.append), name="pull")
        async with asyncio.timeout(30.0):
            while agent.asked.count("status") < 3:  # noqa: ASYNC110 - what stands in for an agent tells nobody
                await asyncio.sleep(0.01)
        pulling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pulling

    assert not taker.fragment.exists()
    assert agent.asked.count("reload") == 2
    assert told[-1] == "serial 1 is taken back: it was broken off before this box was seen to do well with it"


async def test_a_power_cut_while_the_box_is_watched_leaves_the_old_file_at_the_next_pull(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker.publish(bundle(1))
    await taker.pull()
    old = taker.fragment.read_bytes()
    taker.publish(bundle(2, CITY + "batch = 7\n"))

    async def power_cut(*_: object) -> NoReturn:
        raise SystemError("the light goes out")

    with monkeypatch.context() as dark:
        dark.setattr("gateway.pull.pulling.watch", power_cut)
        async with listening(taker, Agent(status(a="delivering"))):
            with pytest.raises(SystemError):
                await taker.pull()
    in_the_dark = taker.fragment.read_bytes()
    outcome = await taker.pull()
    taken_back = taker.fragment.read_bytes()
    again = await taker.pull(again=True)

    assert b"batch = 7" in in_the_dark
    assert outcome.lines[0].startswith("serial 2 was taken back: it was broken off before")
    assert taken_back == old
    assert (again.is_well, b"batch = 7" in taker.fragment.read_bytes()) == (True, True)


async def test_a_power_cut_before_the_file_is_in_place_leaves_the_one_that_was(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for serial in (1, 2):
        taker.publish(bundle(serial, CITY + f"batch = {serial}\n"))
        await taker.pull()
    taker.publish(bundle(3, CITY + "batch = 3\n"))

    def power_cut(*_: object) -> NoReturn:
        raise SystemError("the light goes out")

    with monkeypatch.context() as dark:
        dark.setattr("gateway.pull.placing.Place.put", power_cut)
        async with listening(taker, Agent(status(a="delivering"))):
            with pytest.raises(SystemError):
                await taker.pull()
    await taker.pull()

    assert b"batch = 2" in taker.fragment.read_bytes()
