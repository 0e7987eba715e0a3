"""The configuration read once more while the agent runs: who is told changes, and hearing never stops."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from decoders.registry import CATALOGUE
from gateway.agent import Agent, running
from gateway.config import Settings, load
from gateway.config.afresh import load_afresh
from gateway.control import ask
from gateway.errors import ConfigError, StorageError
from gateway.model import DevAddr, Eui64
from simulators.end_device import EndDevice
from simulators.platforms.event_receiver import EventReceiver, Fault
from simulators.ports import free_tcp_port
from tests.agent import process
from tests.agent.commands import Box, complained, make_box, said
from tests.pipeline.rig import CONFIGURATION, LIMIT_S, Rig, clock, registration, until

ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
RELOADS, FRAMES = 50, 5  # frames heard during each of them
DESTINATION = '[[destination]]\nname = "{name}"\nurl = "{url}"\nformat = "json"\nbegin = "oldest"\n'
OPTIONS = '[destination.options]\ntopic = "/uplinks"\n'


@dataclass(slots=True)
class House:
    """An agent with a file that can be written anew, and platforms."""

    rig: Rig
    folder: Path
    platforms: list[EventReceiver]

    @property
    def agent(self) -> Agent:
        return self.rig.agent

    def write(self, *more: str) -> None:
        write(self.folder, *more)

    def told(self, number: int, **options: object) -> str:
        """Return the section of one platform."""
        lines = [f"{key} = {value}" for key, value in options.items()]
        return (
            DESTINATION.format(name=f"city{number}", url=self.platforms[number].url)
            + "".join(f"{one}\n" for one in lines)
            + OPTIONS
        )


def write(folder: Path, *more: str) -> None:
    (folder / "brygga.toml").write_text("\n".join([CONFIGURATION, *more]), encoding="utf-8")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    write(tmp_path)
    path = tmp_path / "brygga.toml"

    async def read() -> Settings:
        return await asyncio.to_thread(load, path)

    async with contextlib.AsyncExitStack() as stack:
        platforms = [EventReceiver(), EventReceiver()]
        for one in platforms:
            await one.start()
            stack.push_async_callback(one.stop)
        agent = await stack.enter_async_context(running(load(path), clock, read=read))
        async with asyncio.timeout(LIMIT_S):
            server = await agent.sources[0].listening()
        rig = await stack.enter_async_context(Rig(agent, server))  # type: ignore[arg-type]  # a source's own answer
        yield House(rig, tmp_path, platforms)


async def test_fifty_reloads_lose_no_frame_and_repeat_none(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device))
    roof = await house.rig.roof()

    async def talk() -> None:
        for _ in range(FRAMES):
            await roof.push(device.uplink(1, ERS))

    read = []
    for batch, sections in ((10, [0]), (11, [0, 1]), (12, [0]), (10, [0, 1])):
        # What waits meanwhile is history: no bound for it, lest the end takes as long as the machine is slow.
        house.write(*(house.told(one, batch=batch + one, backlog_per_s=0) for one in sections))
        read.append(load(house.folder / "brygga.toml"))
    coming = itertools.cycle(read)

    async def next_one() -> Settings:
        return next(coming)

    monkeypatch.setattr(house.agent, "_read", next_one)
    for _ in range(RELOADS):
        await asyncio.gather(talk(), house.agent.reload())
    heard = RELOADS * FRAMES
    await until(lambda: all(len(one.kept.uplinks) == heard for one in house.platforms))

    rows = await house.rig.rows(heard)
    ids = {str(row.uplink.id) for row in rows}
    assert len(rows) == len(ids) == heard
    for platform in house.platforms:
        assert set(platform.kept.uplinks.values()) == {1}
        assert platform.kept.uplinks.keys() == ids


async def test_a_destination_that_is_not_touched_tells_on_with_the_same_loop(house: House) -> None:
    house.write(house.told(0), house.told(1))
    await house.agent.reload()
    first, second = house.agent.tellings

    house.write(house.told(0), house.told(1, batch=7))
    found = await house.agent.reload()

    assert found.changed == ("destination city1: changed",)
    assert house.agent.tellings[0] is first
    assert house.agent.tellings[1] is not second
    assert house.agent.tellings[1].destination.batch == 7


async def test_a_slow_turn_is_waited_for_before_its_loop_ends(house: House) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device))
    house.platforms[0].mood = Fault(delay_s=0.5)
    house.write(house.told(0))
    await house.agent.reload()
    await (await house.rig.roof()).push(device.uplink(1, ERS))
    await until(lambda: house.agent.tellings[0].pulse.under_way == 1)

    house.write()
    found = await house.agent.reload()

    assert found.changed == ("destination city0: removed",)
    assert [*house.platforms[0].kept.uplinks.values()] == [1]
    assert (await house.agent.journal.depth("city0")).waiting == 0


async def test_what_is_removed_waits_and_comes_when_it_is_there_again(house: House) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device))
    house.write(house.told(0))
    await house.agent.reload()
    house.write()
    await house.agent.reload()
    await (await house.rig.roof()).push(device.uplink(1, ERS))
    await house.rig.rows(1)
    listed = await ask(house.agent.settings, clock, {"do": "destination.list"})

    house.write(house.told(0))
    await house.agent.reload()
    await until(lambda: len(house.platforms[0].kept.uplinks) == 1)

    assert (listed["city0"]["configured"], listed["city0"]["waiting"]) == (False, 1)


async def test_what_needs_a_restart_is_said_and_the_rest_is_taken(house: House) -> None:
    text = CONFIGURATION.replace("gather_ms = 100", "gather_ms = 200").replace('name = "radio"', 'name = "mast"')
    journal = '[journal]\nlimit = "100 MB"\ncard = "industrial"\n'
    (house.folder / "brygga.toml").write_text("\n".join([text, journal, house.told(0)]), encoding="utf-8")

    found = await house.agent.reload()
    again = await house.agent.reload()

    assert found.changed == ("destination city0: added",)
    assert found.restart == ("[radio]", "[journal]", "[[source]] mast: added", "[[source]] radio: removed")
    assert again.changed == ()
    assert again.restart == found.restart
    assert house.agent.settings.journal.card == "industrial"


async def test_a_wrong_file_changes_nothing_and_every_problem_is_said(house: House) -> None:
    house.write(house.told(0))
    await house.agent.reload()
    (telling,) = house.agent.tellings
    house.write(house.told(0, batch=0, window=1000), "[nonsense]")

    with pytest.raises(ConfigError) as refusal:
        await ask(house.agent.settings, clock, {"do": "reload"})

    words = " ".join(refusal.value.problems)
    assert all(part in words for part in ("nonsense: there is no such section", "destination[0].batch", "window"))
    assert house.agent.tellings == [telling]


async def test_a_journal_that_takes_no_change_leaves_all_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device))
    house.write(house.told(0))
    await house.agent.reload()

    async def full(*_: object, **__: object) -> None:
        raise StorageError("journal.db: database or disk is full")

    monkeypatch.setattr(house.agent.journal, "configure", full)
    house.write(house.told(0, batch=5), house.told(1))
    with pytest.raises(StorageError):
        await house.agent.reload()
    await (await house.rig.roof()).push(device.uplink(1, ERS))
    await until(lambda: len(house.platforms[0].kept.uplinks) == 1)

    assert [one.destination.batch for one in house.agent.tellings] == [100]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[web]\nport = {port}\n", "web: TCP port {port} is taken by another program"),
        ("[metrics]\nport = {port}\n", "metrics: TCP port {port} is taken by another program"),
    ],
    ids=["web", "metrics"],
)
async def test_a_port_that_cannot_be_had_leaves_all_as_it_was(house: House, section: str, words: str) -> None:
    before = section.format(port=0)
    house.write(house.told(0), before)
    await house.agent.reload()
    (telling,), settings = house.agent.tellings, house.agent.settings
    name = section[1:].partition("]")[0]
    where = await listening(house, name)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        house.write(house.told(0, batch=5), house.told(1), section.format(port=port))

        with pytest.raises(ConfigError, match=words.format(port=port)):
            await house.agent.reload()

    assert house.agent.tellings == [telling]
    assert house.agent.settings is settings
    assert await listening(house, name) == where
    await house.agent.reload()  # now that the port is free
    assert [one.destination.batch for one in house.agent.tellings] == [5, 100]
    assert await listening(house, name, f"127.0.0.1:{port}")


async def listening(house: House, name: str, wanted: str = "") -> str:
    """Return where a room listens, as soon as it does, or at ``wanted``."""

    async def now() -> str:
        status = await ask(house.agent.settings, clock, {"do": "status"})
        return (status.get(name) or {}).get("listening") or ""

    async with asyncio.timeout(LIMIT_S):
        while not (found := await now()) or wanted not in found:  # noqa: ASYNC110 - a status tells nobody when it changes
            await asyncio.sleep(0.02)
    return found


async def test_web_and_metrics_may_change_ports_with_each_other(house: House) -> None:
    first, second = free_tcp_port(), free_tcp_port()
    house.write(f"[web]\nport = {first}\n", f"[metrics]\nport = {second}\n")
    await house.agent.reload()
    house.write(f"[web]\nport = {second}\n", f"[metrics]\nport = {first}\n")

    found = await house.agent.reload()

    assert set(found.changed) == {"[web]: changed", "[metrics]: changed"}


async def test_a_disk_that_does_not_tell_the_devices_keeps_those_that_there_are(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device))

    async def unreadable(*_: object, **__: object) -> None:
        raise StorageError("journal.db: disk I/O error")

    monkeypatch.setattr(house.agent.journal, "devices", unreadable)
    house.write(house.told(0))
    found = await house.agent.reload()

    assert found.changed == ("destination city0: added",)
    assert "devices are not looked at anew: journal.db: disk I/O error" in caplog.text
    assert [one.dev_eui for one in house.agent.network.devices()] == ["a81758fffe051d02"]


async def test_a_folder_of_decoders_comes_and_goes(house: House) -> None:
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    await house.rig.register(registration(device, "acme/th"))
    (house.folder / "own" / "acme").mkdir(parents=True)
    table = (CATALOGUE / "milesight" / "em300-th.yaml").read_text(encoding="utf-8")
    (house.folder / "own" / "acme" / "th.yaml").write_text(table, encoding="utf-8")

    house.write('[decoders]\nfolder = "own"\n')
    await house.agent.reload()
    there = house.agent.codecs.revision("acme/th")
    house.write()
    await house.agent.reload()

    assert there.startswith("acme/th@")
    assert house.agent.codecs.revision("acme/th") == ""


async def test_the_counters_of_the_desk_know_the_new_file(house: House) -> None:
    house.write(house.told(0))
    answer = await ask(house.agent.settings, clock, {"do": "reload"})

    listed = await ask(house.agent.settings, clock, {"do": "destination.list"})

    assert answer["changed"] == ["destination city0: added"]
    assert listed["city0"]["configured"] is True


# ── the whole command ──


async def test_the_command_says_what_changed_what_needs_a_restart_and_what_is_wrong(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    async with box.agent():
        same = await box.brygga("reload")
        text = (tmp_path / "brygga.toml").read_text(encoding="utf-8")
        changed = text.replace("goteborg", "lund")
        process.rewrite(
            tmp_path / "brygga.toml", changed.replace("port = 0", 'port = 0\ngateways = ["aa555a0000000001"]')
        )
        moved = await box.brygga("reload")
        process.rewrite(tmp_path / "brygga.toml", changed + "[nonsense]\n")
        wrong = await box.brygga("reload")

    assert same == said("nothing has changed in the configuration; devices and decoders were looked at anew")
    assert moved == said(
        "destination lund: added", "destination goteborg: removed", "needs a restart: [[source]] mast: changed"
    )
    assert wrong.code == 78
    assert "nonsense: there is no such section" in wrong.complaints
    assert wrong.complaints.endswith("not reloaded: nothing was changed, and an agent that runs goes on as before\n")


async def test_a_signal_does_the_same_and_the_log_says_so(configuration: Path) -> None:
    async with process.running(configuration) as agent:
        assert agent.stderr is not None
        process.rewrite(configuration, process.CONFIGURATION.replace('"archive"', '"museum"'))
        os.kill(agent.pid, signal.SIGHUP)
        async with asyncio.timeout(process.START_LIMIT_S):
            while b"museum: added" not in (line := await agent.stderr.readline()):
                assert line
        process.rewrite(configuration, "[nonsense]\n")
        os.kill(agent.pid, signal.SIGHUP)
        async with asyncio.timeout(process.START_LIMIT_S):
            while b"not reloaded, all goes on as before" not in (line := await agent.stderr.readline()):
                assert line
        told = await process.command("status", "--json", "--config", configuration)

    assert b"nonsense: there is no such section" in line
    assert told[0] == 78  # the file is wrong, and the agent goes on


async def test_nobody_is_reloaded_where_no_agent_runs(tmp_path: Path) -> None:
    box: Box = make_box(tmp_path)
    await box.brygga("device", "add", "--dev-eui", "a81758fffe0a0001", "--app-key", "00" * 16)

    assert await box.brygga("reload") == complained(
        1, "no agent runs: `brygga run` reads the configuration when it starts"
    )


async def test_a_file_is_read_in_a_process_of_its_own_and_its_problems_come_back(configuration: Path) -> None:
    right = await load_afresh(configuration)
    process.rewrite(configuration, "[nonsense]\n")

    with pytest.raises(ConfigError, match="nonsense: there is no such section"):
        await load_afresh(configuration)

    assert [one.name for one in right.destinations] == ["city", "archive"]
