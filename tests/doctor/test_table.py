"""The table of checks as a whole: every ill is provoked, every failure is told, the page is of today."""

from __future__ import annotations

import ast
import asyncio
import os
import runpy
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.examination import Failed, examine, judged, worst_first
from gateway.doctor.finding import SLOW, Check, Finding, Ill, Seen, Standing, Unseen
from gateway.doctor.table import CHECKS, TOPICS, chosen
from gateway.transports.service import Service
from gateway.transports.tls import Tls
from tests.doctor.scene import box, configured, running

ROOT = Path(__file__).parents[2]
EXPECTED = {  # that `--only` may name: changed with care, for scripts and translations know them
    "configuration", "agent", "watchdog", "permissions", "disk", "clock", "machine", "radio", "devices", "network", "dns", "destinations",
    "tls", "relays", "servers", "versions", "backups", "web", "observe",
}  # fmt: skip
MOUNT = "disk.mount:"  # whose ills are a table of their own in test_box


def provoked() -> Iterator[str]:
    """Yield the ills that tests provoke: the texts that are given to `provoked` in this folder."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "provoked"
            if is_call and isinstance(node, ast.Call) and len(node.args) == 2:
                name = node.args[1]
                if isinstance(name, ast.Constant):
                    yield str(name.value)


def test_every_ill_of_every_check_is_provoked_by_a_test() -> None:
    from tests.doctor.test_box import MOUNTS

    ills = {f"{check.id}:{ill.name}" for check in CHECKS for ill in check.ills}

    tested = {*provoked()} | {f"{MOUNT}{ill}" for _, ill in MOUNTS}

    assert ills - tested == set()
    assert tested - ills == set()


def test_names_are_those_of_the_page_and_told_once() -> None:
    ids = [one.id for one in CHECKS]

    assert set(TOPICS) == EXPECTED
    assert len(ids) == len(set(ids))
    for check in CHECKS:
        names = [ill.name for ill in check.ills]
        assert len(names) == len(set(names)), check.id
        assert all(ill.standing is not Standing.WELL and ill.means and ill.do for ill in check.ills), check.id


def test_what_to_do_is_short_enough_for_a_phone() -> None:
    too_long = [f"{check.id}:{ill.name}" for check in CHECKS for ill in check.ills if len(ill.do) > 130]

    assert too_long == []


def test_only_names_topics_and_checks() -> None:
    assert {one.topic for one in chosen(["clock", "disk.room"])} == {"clock", "disk"}
    assert len(chosen(["disk.room"])) == 1
    with pytest.raises(ValueError, match="'clok' is none of configuration, agent"):
        chosen(["clok"])


def test_the_page_is_generated_from_the_table_of_today() -> None:
    script = runpy.run_path(str(ROOT / "scripts/generate_doctor.py"))

    assert script["PAGE"].read_text(encoding="utf-8") == script["render"](), "run scripts/generate.py"


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: str(one.id))
def test_a_probe_that_fails_makes_a_finding_that_says_so(check: Check) -> None:
    (one,) = judged(check, Failed("took longer than 12 s", SLOW))

    assert (one.standing, one.check, one.seen) == (Standing.UNKNOWN, check.id, "took longer than 12 s")


ILL = Ill("ill", Standing.WRONG, "it is wrong", "mend it")


def made(probe: object, judge: object = lambda facts: [Seen(str(facts))]) -> Check:
    return Check(id="a.check", looks="nothing", probe=probe, judge=judge, ills=(ILL,))  # type: ignore[arg-type]  # of a test


async def test_a_file_that_hangs_is_left_and_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe to which nobody writes: as a disk that has gone, reading it never ends. The agent examines itself, and goes on meanwhile."""
    os.mkfifo(tmp_path / "ours.pem")
    more = '[[destination]]\nname = "lund"\nurl = "https://127.0.0.1:1"\nformat = "ngsi_ld"\n'
    one = configured(tmp_path, more)
    assert one.settings is not None
    (told,) = one.settings.destinations
    assert isinstance(told.platform, Service)
    theirs = replace(told, platform=replace(told.platform, tls=Tls(ca_file=tmp_path / "ours.pem")))
    endless = replace(one, settings=replace(one.settings, destinations=(theirs,)))

    findings = await examine(endless, chosen(["tls.own", "configuration"]), limit_s=0.3)

    with (tmp_path / "ours.pem").open("wb"):  # lets the thread end
        pass
    assert [(one.check, one.seen) for one in findings if one.standing is Standing.UNKNOWN] == [
        ("tls.own", "took longer than 0.3 s")
    ]
    assert [one.check for one in findings if one.standing is Standing.WELL] == ["configuration.file"]


async def test_a_probe_that_hangs_is_left_and_the_others_are_told() -> None:
    release = threading.Event()

    async def hangs(_: Box) -> None:
        await apart(release.wait)

    async def answers(_: Box) -> int:
        return 7

    findings = await examine(box(), [made(hangs), made(answers)], limit_s=0.05)

    release.set()
    assert [(one.standing, one.seen) for one in findings] == [("unknown", "took longer than 0.05 s"), ("well", "7")]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/var/lib/brygga"), "/var/lib/brygga belongs to another user"),
        (Unseen("a container hides it"), "a container hides it"),
        (OSError(5, "Input/output error"), "could not be looked at: OSError: [Errno 5] Input/output error"),
        (ValueError("no number"), "could not be looked at: ValueError: no number"),
    ],
    ids=["permission", "unseen", "disk", "form"],
)
async def test_what_a_probe_meets_is_told(error: Exception, words: str) -> None:
    async def fails(_: Box) -> None:
        raise error

    (one,) = await examine(box(), [made(fails)])

    assert (one.standing, one.seen) == (Standing.UNKNOWN, words)


async def test_an_agent_of_another_version_does_not_end_the_doctor(tmp_path: Path) -> None:
    odd = running(
        tmp_path, status={"agent": {"running": True}, "sources": [{"name": "mast"}], "destinations": {"lund": {}}}
    )

    findings = await examine(odd, chosen(["radio.frames", "destinations.standing"]))

    assert {one.standing for one in findings} == {Standing.UNKNOWN}
    assert "is not understood" in findings[0].seen


async def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []

    async def answers(_: Box) -> int:
        return 7

    await examine(box(), [made(answers), made(answers)], lambda done, total: told.append((done, total)))

    assert told == [(1, 1)]  # one probe for both


async def test_what_breaks_in_a_thread_is_raised_where_it_is_waited_for() -> None:
    def breaks() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await apart(breaks)


async def test_a_thread_whose_outcome_nobody_waits_for_is_no_trouble() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await apart(release.wait)

    release.set()

    assert release.is_set()


def test_the_worst_is_read_first() -> None:
    some = [
        Finding(check=f"a.{one}", standing=one, seen="")
        for one in (Standing.WELL, Standing.UNKNOWN, Standing.WRONG, Standing.UNWISE)
    ]

    assert [one.standing for one in worst_first(some)] == ["wrong", "unwise", "unknown", "well"]
