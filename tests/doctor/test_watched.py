"""The dashboard, who watches from afar, and causes: what a running agent says of them, provoked through one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.agent import running as agent_of
from gateway.config import Settings
from gateway.control import ask_running
from gateway.doctor import Finding, Standing
from gateway.doctor.causes import causes
from gateway.model import Json
from simulators.ports import free_tcp_port
from tests.doctor.scene import finding, provoked, running, settings, status, well
from tests.pipeline.rig import LIMIT_S, PAUSE_S, clock

WEB = '[web]\nhost = "127.0.0.1"\nport = 8080\n'
HEALTH = '[health]\nurl = "mqtt://127.0.0.1:1"\ninterval_s = 5\n'
METRICS = "[metrics]\nport = 9100\n"
TAKEN = "TCP port 8080 is taken by another program"
AWAY = '[[destination]]\nname = "lund"\nurl = "http://platform.example:1"\nformat = "ngsi_ld"\n'


def web(**more: Json) -> dict[str, Json]:
    return {"listening": "127.0.0.1:8080", "trouble": None} | more


async def seen_of(folder: Path, text: str, topic: str, **told: Json) -> list[Finding]:
    return await finding(running(folder, configuration=text, status=status(**told)), topic)


# ── the dashboard ──


async def test_a_dashboard_that_nobody_can_open(tmp_path: Path) -> None:
    down = await seen_of(tmp_path, WEB, "web", web=web(listening=None, trouble=TAKEN))

    assert provoked(down, "web.access:down").seen == TAKEN
    provoked(await seen_of(tmp_path, WEB, "web", web=web(trouble="tls.cert_file: no such file")), "web.access:stale")
    provoked(await seen_of(tmp_path, WEB, "web"), "web.access:other")
    well(await seen_of(tmp_path, WEB, "web", web=web()))


async def test_a_dashboard_that_waits_for_a_password_says_that_alone(tmp_path: Path) -> None:
    told = web(listening=None, trouble="0.0.0.0 is not opened without a password")

    findings = await seen_of(tmp_path, WEB.replace("127.0.0.1", "0.0.0.0"), "web", web=told)

    assert {one.ill for one in findings} == {"no_password", "clear"}


# ── health and metrics ──


def health(**more: Json) -> dict[str, Json]:
    return {"topic": "brygga/roof/health", "trouble": None, "counts": {"taken": 3}} | more


async def test_health_messages_that_do_not_go_out(tmp_path: Path) -> None:
    untold = await seen_of(tmp_path, HEALTH, "observe", health=health(trouble="connection refused"))

    assert provoked(untold, "observe.health:untold").seen == "connection refused (3 messages taken before)"
    provoked(await seen_of(tmp_path, HEALTH, "observe", health=health(counts={})), "observe.health:never")
    provoked(await seen_of(tmp_path, HEALTH, "observe"), "observe.health:other")
    well(await seen_of(tmp_path, HEALTH, "observe", health=health()))


async def test_the_first_health_message_may_take_its_time(tmp_path: Path) -> None:
    well(await seen_of(tmp_path, HEALTH, "observe", health=health(counts={}), since_s=6.0))


async def test_a_port_of_metrics_that_is_not_there(tmp_path: Path) -> None:
    taken = {"listening": None, "trouble": "TCP port 9100 is taken"}

    provoked(await seen_of(tmp_path, METRICS, "observe", metrics=taken), "observe.metrics:closed")
    provoked(await seen_of(tmp_path, METRICS, "observe"), "observe.metrics:other")
    well(await seen_of(tmp_path, METRICS, "observe", metrics={"listening": "127.0.0.1:9100", "trouble": None}))


async def test_where_nobody_watches_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert await finding(running(tmp_path), "observe") == []


async def test_an_agent_whose_ports_are_taken_and_whose_broker_is_away_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.observe.health.FIRST_S", 0.01)
    (tmp_path / "data").mkdir(mode=0o750)
    with taken_port() as first, taken_port() as second:
        nobody = HEALTH.replace(":1", f":{free_tcp_port()}")
        text = WEB.replace("8080", str(first)) + METRICS.replace("9100", str(second)) + nobody
        found = settings(tmp_path, text)
        async with agent_of(found, clock), asyncio.timeout(LIMIT_S):
            findings = await troubles(found, 3)

    assert "is taken by another program" in provoked(findings, "web.access:down").seen
    provoked(findings, "observe.metrics:closed")
    provoked(findings, "observe.health:untold")


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


async def troubles(of: Settings, many: int) -> list[Mapping[str, Json]]:
    """Return what the agent finds wrong with who watches it, as soon as it is so many things; the caller sets the limit."""
    request = {"do": "doctor", "only": ["web", "observe"]}
    while len(ills := [one for one in await ask_running(of, request) if one["ill"]]) < many:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(PAUSE_S)
    return ills


# ── causes ──


async def test_a_name_that_is_not_found_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    one = running(tmp_path, configuration=AWAY)

    both = await finding(one, "dns", "destinations.reach")
    alone = await finding(one, "destinations.reach")

    assert [one.check for one in both if one.keys.get("name")] == ["dns.names"]
    assert provoked(alone, "destinations.reach:unnamed").do.startswith("getent hosts platform.example")


def reach(name: str, ill: str = "closed", check: str = "destinations.reach") -> Finding:
    return Finding(check=check, standing=Standing.WRONG, seen="", ill=ill, keys={"name": name})


def stalled(name: str, hindrance: str) -> Finding:
    return Finding(
        check="destinations.standing",
        standing=Standing.WRONG,
        seen="for 17 s: …",
        ill="stalled",
        about=name,
        keys={"about": name, "hindrance": hindrance},
    )


def line(check: str, ill: str, name: str, host: str) -> Finding:
    return Finding(check=check, standing=Standing.WRONG, seen="", ill=ill, keys={"about": name, "name": host})


@pytest.mark.parametrize(
    ("check", "ill", "hindrance"),
    [
        ("dns.names", "unknown", "name"),
        ("destinations.reach", "unnamed", "name"),
        ("destinations.reach", "closed", "no_listener"),
        ("tls.handshake", "unbelieved", "tls"),
    ],
)
def test_a_platform_that_takes_nothing_for_its_line_is_down_is_one_finding(
    check: str, ill: str, hindrance: str
) -> None:
    cause, other = line(check, ill, "lund", "lund.example"), stalled("malmo", hindrance)

    assert causes([stalled("lund", hindrance), other, cause]) == [other, cause]


def trial(name: str, kind: str) -> Finding:
    keys = {"about": name, "step": kind, "do": ""}
    return Finding(check="destinations.test", standing=Standing.WRONG, seen="", ill="failed", about=name, keys=keys)


def test_a_destinations_test_follows_from_its_line_and_from_the_clock() -> None:
    unset = Finding(check="clock.quality", standing=Standing.WRONG, seen="", ill="unkept", keys={"start": "…"})
    down = line("destinations.reach", "closed", "lund", "lund.example")
    follow = [trial("lund", "unreached"), trial("malmo", "clock")]
    others = [trial("malmo", "unreached"), trial("lund", "credentials")]

    assert causes([*follow, *others, down, unset]) == [*others, down, unset]
    assert causes([*follow, *others]) == [*follow, *others]


def test_two_platforms_at_one_host_that_is_not_found_are_one_finding() -> None:
    names = line("dns.names", "unknown", "malmo", "city.example")
    every = [
        stalled("lund", "name"),
        stalled("malmo", "name"),
        line("destinations.reach", "unnamed", "lund", "city.example"),
        line("destinations.reach", "unnamed", "malmo", "city.example"),
        names,
    ]

    assert causes(every) == [names]


def test_a_refused_login_does_not_follow_from_a_line_that_is_down_by_now() -> None:
    every = [stalled("lund", "credential"), line("destinations.reach", "closed", "lund", "lund.example")]

    assert causes(every) == every


def test_only_what_is_about_the_same_host_follows() -> None:
    cause = reach("lund.example", "unknown", "dns.names")

    left = causes([reach("lund.example"), reach("malmo.example"), cause])

    assert left == [reach("malmo.example"), cause]
