"""Ills through their probes: a box that is so, what is looked at, what is found; what other tests judge on facts alone comes this way, too."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.doctor import Answering, Box
from gateway.doctor.table import CHECKS
from gateway.journal import Changes, Journal
from gateway.journal.schema import APPLICATION_ID
from gateway.model import Json, TimeQuality
from tests.doctor.scene import (
    answers,
    box,
    configured,
    destination,
    device,
    finding,
    provoked,
    running,
    status,
    tree,
)
from tests.journal.samples import clock as now
from tests.journal.samples import session, uplink

AWAY = '[[destination]]\nname = "lund"\nurl = "http://platform.example:1"\nformat = "ngsi_ld"\n'
HERE = AWAY.replace("platform.example", "127.0.0.1")
NOBODY = 54_321  # no user of any machine
UNIT = {
    "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled", "NRestarts": "0",
    "Result": "success", "ExecMainStatus": "0", "Type": "notify", "WatchdogUSec": "30s",
}  # fmt: skip
RELAY: Mapping[str, Json] = {"state": "answers", "kept": {"frames": 4, "oldest_s": 9.0, "lost": 0}, "advice": []}
JUMPED = {"quality": "ntp", "trusted": True, "words": "the machine's clock has jumped by 2:00:00; the time goes on"}
NOT_YET = {"quality": "system", "trusted": False, "words": "not yet ntp"}

Make = Callable[[Path, pytest.MonkeyPatch], Box]


def told(**more: Json) -> Make:
    """Return what makes a box whose agent tells this of itself."""
    return lambda folder, _: running(folder, status=status(**more))


def network(refused: Mapping[str, int]) -> Make:
    return told(network={"counts": {"uplinks": 100}, "refused": dict(refused), "unclaimed": {}})


def unit(answering: Answering = Answering.ANSWERS, **properties: str) -> Make:
    """Return what makes a box whose systemd tells this of the service."""
    said = "\n".join(f"{name}={value}" for name, value in {**UNIT, **properties}.items())
    return lambda folder, _: running(folder, run=answers(systemctl=said), answering=answering)


def clock(agent: Mapping[str, Json] | None = None, keepers: Sequence[str] = (), **more: Any) -> Make:
    """Return what makes a box whose kernel says that nobody keeps the time."""

    def make(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
        monkeypatch.setattr("gateway.doctor.timekeeping.kernel_quality", lambda: TimeQuality.UNSYNCHRONISED)
        root = tree(
            folder,
            {
                "proc/1/comm": "systemd\n",
                **{f"proc/{number}/comm": f"{name}\n" for number, name in enumerate(keepers, 7)},
            },
        )
        return replace(configured(folder, root=root), status=None if agent is None else status(clock=agent), **more)

    return make


def battery(folder: Path, _: pytest.MonkeyPatch) -> Box:
    return configured(folder, root=tree(folder, {"sys/class/rtc/rtc0/since_epoch": "1700000000\n"}))


def journal(made_by: int, version: int) -> Make:
    """Return what makes a box with a database like a journal."""

    def make(folder: Path, _: pytest.MonkeyPatch) -> Box:
        one = configured(folder)
        with closing(sqlite3.connect(folder / "data/journal.db")) as database:
            database.execute(f"PRAGMA application_id = {made_by}")
            database.execute(f"PRAGMA user_version = {version}")
            database.execute("CREATE TABLE some (one)")
        return one

    return make


def system(name: str, version: str, day: int = 0) -> Make:
    def make(folder: Path, _: pytest.MonkeyPatch) -> Box:
        release = f'ID={name}\nVERSION_ID="{version}"\nPRETTY_NAME="{name} {version}"\n'
        one = box(root=tree(folder, {"etc/os-release": release}))
        return replace(one, now=one.now.replace(year=2028, month=5, day=day)) if day else one

    return make


def patched(name: str, value: object, more: str = AWAY, *, deep: bool = False) -> Make:
    """Return what makes a box with a destination, of a program in which ``name`` is ``value``."""

    def make(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
        monkeypatch.setattr(name, value)
        return configured(folder, more, root=tree(folder, {}), deep=deep)

    return make


def found(*_: object, **__: object) -> list[Any]:
    """Stand in for a name server that knows all."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))]


def foreign_user(folder: Path, _: pytest.MonkeyPatch) -> Box:
    """Return a box whose agent is a user who owns nothing of it."""
    port = folder / "ttyACM0"
    port.touch(mode=0o600)
    more = f'[[source]]\nname = "stick"\ntype = "serial_modem"\nport = "{port}"\nfrequency_hz = 868100000\nspreading_factor = 7\n'
    who = {"proc/1/status": f"Name:\tbrygga\nUid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}\nGroups:\t\n"}
    one = running(folder, configuration=more, root=tree(folder, who))
    (folder / "data/journal.db-wal").touch(mode=0o600)
    return one


def room(place: int, count: int) -> Make:
    """Return what makes a box whose file system has ``count`` at a place of statvfs(3)'s answer: 4 is f_bavail, 7 is f_favail."""

    def make(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
        one, numbers = configured(folder), [4096, 4096, 10**8, 10**8, 10**8, 10**6, 10**6, 10**6, 0, 255]
        numbers[place] = count
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(numbers))
        return one

    return make


def mounted(line: str) -> Make:
    """Return what makes a box whose kernel tells of one mount, under all."""
    return lambda folder, _: configured(folder, root=tree(folder, {"proc/self/mountinfo": f"40 21 {line}\n"}))


def old_card(folder: Path, _: pytest.MonkeyPatch) -> Box:
    one = running(folder)
    number = (folder / "data").stat().st_dev
    life = f"sys/dev/block/{os.major(number)}:{os.minor(number)}/device/life_time"
    return replace(one, root=tree(folder, {life: "0x01 0x09"}))


def worn_soon(folder: Path, _: pytest.MonkeyPatch) -> Box:
    told_of = {**status()["journal"], "wear": {"card": "consumer", "years": 0.5}}
    return running(folder, status=status(journal=told_of), root=tree(folder, {}))


def without(folder: Path, _: pytest.MonkeyPatch) -> Box:
    return replace(running(folder), devices=[])


def undecoded(folder: Path, _: pytest.MonkeyPatch) -> Box:
    return replace(running(folder), devices=[device(decoder="")])


PROBED: Mapping[str, Make] = {
    "agent.restarts:not_enabled": unit(UnitFileState="disabled"),
    "agent.restarts:restarting": unit(SubState="auto-restart", NRestarts="4"),
    "agent.running:stopped": unit(Answering.ABSENT),
    "agent.running:denied": unit(Answering.DENIED),
    "agent.running:failed": unit(Answering.LEFT, ActiveState="failed"),
    "agent.running:misconfigured": unit(Answering.ABSENT, ExecMainStatus="78"),
    "agent.running:mute": unit(Answering.MUTE),
    "agent.version:other": told(agent={"name": "roof", "version": "0.0.1", "running": True}),
    "watchdog.fed:bitten": unit(Result="watchdog"),
    "watchdog.fed:unwatched": unit(WatchdogUSec="0"),
    "clock.battery:off": battery,
    "clock.quality:jumped": clock(JUMPED),
    "clock.quality:past": clock(now=box().now.replace(year=1970)),
    "clock.quality:unsynchronised": clock(NOT_YET, ["chronyd"]),
    "clock.quality:unkept": clock(NOT_YET),
    "clock.quality:vouched": clock(),
    "destinations.standing:none": told(destinations={}),
    "destinations.standing:stalled": told(destinations={"lund": destination(trouble="no route", trouble_s=90.0)}),
    "destinations.standing:refusing": told(destinations={"lund": destination(state="refusing", last_refusal="401")}),
    "destinations.standing:never": told(destinations={"lund": destination(waiting=3, last_answer_s=None)}),
    "destinations.standing:noted": told(destinations={"lund": destination(transport={"notes": ["no subscriber"]})}),
    "destinations.backlog:waiting": told(destinations={"lund": destination(waiting=9, oldest_s=7200.0)}),
    "destinations.backlog:waiting_long": told(destinations={"lund": destination(waiting=9, oldest_s=90_000.0)}),
    "destinations.backlog:left": told(destinations={"lund": destination(waiting=9, configured=False)}),
    "destinations.held:held": told(destinations={"lund": destination(held={"refused": 4}, last_refusal="422")}),
    "destinations.losses:lost": told(destinations={"lund": destination(lost=4)}),
    "destinations.losses:given_up": told(destinations={"lund": destination(given_up=4)}),
    "destinations.test:silent": patched("gateway.doctor.trials.LIMIT_S", 0.0, HERE, deep=True),
    "destinations.test:untestable": patched("gateway.trial.marked.marked", lambda *_: None, HERE, deep=True),
    "devices.registered:none": without,
    "devices.decoders:no_decoder": undecoded,
    "devices.decoders:undecoded": told(undecoded={"elsys/ers: failed": 4}),
    "devices.decoders:broken": told(broken_decoders={"acme/th": "line 3: no such unit"}),
    "devices.proved:refused_joins": network({"replayed_dev_nonce": 1}),
    "devices.proved:wrong_mic": network({"mic": 50}),
    "devices.strangers:strangers": network({"unknown_device": 3}),
    "disk.life:ageing": old_card,
    "disk.life:wearing": worn_soon,
    "disk.inodes:inodes": room(7, 10),
    "disk.mount:fat": mounted("8:1 / / rw - vfat /dev/sda1 rw"),
    "disk.mount:overlay": mounted("0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w"),
    "disk.mount:read_only": mounted("259:2 / / ro,relatime - ext4 /dev/mmcblk0p2 rw"),
    "disk.mount:remote": mounted("0:60 / / rw - nfs4 nas:/export rw"),
    "disk.mount:volatile": mounted("0:30 / / rw - tmpfs tmpfs rw,size=64m"),
    "disk.room:full": room(4, 10),
    "disk.room:short": room(4, 2 * 10**8 // 4096),
    "dns.names:slow": patched("gateway.doctor.dns.SLOW_S", -1.0),
    "dns.servers:no_server": patched("gateway.doctor.dns.SLOW_S", 60.0),
    "permissions.data:foreign": foreign_user,
    "permissions.data:not_writable": foreign_user,
    "permissions.serial:refused": foreign_user,
    "relays.standing:away": told(relays={"ttn": {**RELAY, "state": "away", "away_s": 90.0}}),
    "relays.standing:advice": told(relays={"ttn": {**RELAY, "advice": ["no gateway has spoken yet"]}}),
    "relays.standing:lost": told(relays={"ttn": {**RELAY, "kept": {"frames": 4, "lost": 3}}}),
    "servers.told:not_kept": told(servers={"counts": {"disk_took_nothing": 1}, "downlinks": {}}),
    "servers.told:refused": told(servers={"counts": {}, "downlinks": {"refused": 2}}),
    "versions.journal:newer": journal(APPLICATION_ID, 99),
    "versions.journal:older": journal(APPLICATION_ID, 1),
    "versions.packages:missing": patched("gateway.doctor.versions.requires", lambda _: ["no-such-package>=3"]),
    "versions.python:old": patched("gateway.doctor.versions.sys", type("Old", (), {"version_info": (3, 9, 2)})),
    "versions.system:ended": system("debian", "10"),
    "versions.system:ending": system("debian", "12", day=1),
}


@pytest.mark.parametrize("name", PROBED)
async def test_what_a_box_is_like_is_found_by_looking_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found)
    one = PROBED[name](tmp_path, monkeypatch)

    provoked(await finding(one, name.partition(":")[0]), name)


def test_what_is_probed_is_of_the_table() -> None:
    assert set(PROBED) <= {f"{check.id}:{ill.name}" for check in CHECKS for ill in check.ills}


async def test_a_device_that_has_fallen_silent_is_found_by_its_rhythm_in_the_journal(tmp_path: Path) -> None:
    one = running(tmp_path)
    assert one.settings is not None
    async with contextlib.AsyncExitStack() as stack:
        kept = await Journal.open(one.settings.journal_path, clock=now, key_file=one.settings.gateway.key_file)
        stack.push_async_callback(kept.close)
        for number in range(5):
            at = replace(now(), utc=one.now - timedelta(days=1, minutes=15 * number))
            await kept.commit(Changes(uplinks=(replace(uplink(number), heard_at=at),), sessions=(session(number + 1),)))
    quiet = replace(one, devices=[device(dev_eui=uplink(0).dev_eui, last_heard_s=None)])

    provoked(await finding(quiet, "devices.heard"), "devices.heard:silent")


async def test_a_clock_that_nobody_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.doctor.timekeeping.kernel_quality", lambda: TimeQuality.UNSYNCHRONISED)
    root = tree(tmp_path, {"proc/1/comm": "systemd\n"})

    provoked(await finding(running(tmp_path, root=root), "clock.keeper"), "clock.keeper:no_keeper")
