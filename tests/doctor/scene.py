"""What the doctor's tests share: boxes, trees in place of /proc and /sys, a healthy agent's status, what was provoked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import __version__
from gateway.config import Settings, load
from gateway.doctor import Answering, Box, Finding, Standing
from gateway.doctor.examination import examine
from gateway.doctor.finding import Check
from gateway.doctor.table import CHECKS, chosen

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
GATEWAY = "aa555a0000000101"
BY_ID: Mapping[str, Check] = {one.id: one for one in CHECKS}

CONFIGURATION = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[[source]]
name = "mast"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""


async def silent(*_: str, limit_s: float = 0.0) -> str | None:
    """Stand in for programs that are not there."""


def answers(**outputs: str) -> Any:
    """Return what runs programs that answer by their name."""

    async def run(program: str, *_: str, limit_s: float = 0.0) -> str | None:
        return outputs.get(program)

    return run


def settings(folder: Path, more: str = "", text: str = CONFIGURATION) -> Settings:
    path = folder / "brygga.toml"
    path.write_text(text + more, encoding="utf-8")
    path.chmod(0o640)
    return load(path)


def box(**more: Any) -> Box:
    """Return a box of which nothing is known but the time; programs are not there, the environment is empty."""
    return Box(**{"now": NOW, "run": silent, "environment": {}, **more})


def configured(folder: Path, more: str = "", **rest: Any) -> Box:
    """Return a box with a configuration and a data folder."""
    (folder / "data").mkdir(mode=0o750, exist_ok=True)
    found = settings(folder, more)
    return box(settings=found, path=folder / "brygga.toml", warnings=found.warnings, **rest)


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    """Return a folder with files in it, in place of /."""
    for name, text in files.items():
        path = folder / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "root").mkdir(exist_ok=True)
    return folder / "root"


def found(one: Box, *ids: str) -> list[Finding]:
    """Return what some checks find."""
    return asyncio.run(examine(one, chosen(ids)))


async def finding(one: Box, *ids: str) -> list[Finding]:
    """Return what some checks find, in a test that is a coroutine."""
    return await examine(one, chosen(ids))


def judged(check: str, facts: Any) -> list[Finding]:
    """Return what one check finds in facts."""
    return BY_ID[check].findings(facts)


def provoked(findings: Iterable[Finding] | Sequence[Mapping[str, Any]], name: str) -> Finding:
    """Return the finding ``check:ill``; fail where it was not found, or stands otherwise than its table says."""
    check, _, ill = name.partition(":")
    all_of = [
        one if isinstance(one, Finding) else Finding(**{**one, "standing": Standing(one["standing"])})
        for one in findings
    ]
    ours = [one for one in all_of if (one.check, one.ill) == (check, ill)]
    assert ours, f"{name} is not among {[f'{one.check}:{one.ill or one.standing}' for one in all_of]}"
    assert ours[0].standing is next(one for one in BY_ID[check].ills if one.name == ill).standing
    assert ours[0].do
    assert "{" not in ours[0].do
    return ours[0]


def well(findings: Iterable[Finding]) -> None:
    """Fail where something is not well."""
    some = [*findings]
    assert some
    if ills := [one for one in some if one.ill]:
        pytest.fail(f"not well: {ills}")


def status(**more: Any) -> dict[str, Any]:
    """Return a healthy agent's status, some of its parts replaced."""
    return {
        "agent": {"name": "roof", "version": __version__, "running": True},
        "journal": journal(),
        "destinations": {"lund": destination()},
        "relays": {},
        "pid": 1,
        "since_s": 90_000.0,
        "clock": {"utc": NOW.isoformat(), "quality": "ntp", "trusted": True, "words": ""},
        "sources": [source()],
        "network": {"counts": {"uplinks": 1000, "frames": 1100}, "refused": {}, "unclaimed": {}},
        "servers": {"counts": {}, "strangers": 0, "downlinks": {}},
        "undecoded": {},
        "broken_decoders": {},
    } | more


def journal(**more: Any) -> dict[str, Any]:
    wear = {"card": "consumer", "years": 9.0}
    numbers = {"rows": 10, "file_bytes": 10**6, "limit_bytes": 10**8, "used_bytes": 10**6, "quota_bytes": 10**8}
    return {**numbers, "trouble": None, "damaged": 0, "alarms": [], "wear": wear} | more


def destination(**more: Any) -> dict[str, Any]:
    counts = {"waiting": 0, "oldest_s": None, "lost": 0, "held_lost": 0, "given_up": 0, "given_up_since": None}
    standing = {"state": "delivering", "trouble": None, "trouble_s": None, "last_answer_s": 3.0, "last_refusal": None}
    rest: dict[str, Any] = {
        "held": {},
        "configured": True,
        "connected": False,
        "problems": [],
        "transport": {"notes": []},
    }
    return {**counts, **standing, **rest} | more


def source(**more: Any) -> dict[str, Any]:
    buffer = {"asked_bytes": 4_000_000, "granted_bytes": 4_000_000, "dropped_by_kernel": 0}
    rest: dict[str, Any] = {
        "counts": {"frames": 1000},
        "heard": 1000,
        "minutes": {"heard": [2] * 60, "broken": [0] * 60},
        "dropped": {},
        "advice": [],
        "last_heard_s": 20.0,
    }
    return {
        "name": "mast",
        "type": "semtech_udp",
        "listening": "127.0.0.1:1700",
        "receive_buffer": buffer,
        "gateways": {GATEWAY: gateway()},
        **rest,
    } | more


def gateway(**more: Any) -> dict[str, Any]:
    stat = {"age_s": 5.0, "time": "2026-11-26T11:59:55+00:00", "rxnb": 50.0, "rxok": 45.0}
    rest = {"rxpk": 60, "frames": 55, "stat": stat, "lately": lately(45, 5)}
    return {"last_seen_s": 2.0, "last_pull_s": 4.0, "can_transmit": True, **rest} | more


def lately(heard: int, broken: int, *before: int) -> list[dict[str, int]]:
    """Return what a gateway heard in the last ten minutes, and ``before`` them in the hour: whole, then broken."""
    whole, bad = before or (0, 0)
    ten = {"minutes": 10, "heard": heard, "broken": broken}
    return [ten, {"minutes": 60, "heard": heard + whole, "broken": broken + bad}]


def device(**more: Any) -> dict[str, Any]:
    named = {"dev_eui": "a81758fffe0a0001", "name": "Library", "decoder": "elsys/ers", "activation": "otaa", "tags": []}
    return {**named, "dev_addr": "00000001", "next_f_cnt_up": 12, "last_heard_s": 60.0} | more


def running(folder: Path, **more: Any) -> Box:
    """Return a box whose agent answers."""
    told = more.pop("status", status())
    one = configured(folder, more.pop("configuration", ""))
    known = {
        "settings": one.settings,
        "path": one.path,
        "answering": Answering.ANSWERS,
        "status": told,
        "devices": [device()],
    }
    return box(**{**known, **more})
