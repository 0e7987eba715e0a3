"""What the agent tells of itself, judged: each ill once, by a status that has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import __version__
from gateway.doctor import Answering
from gateway.doctor.devices import Devices
from gateway.doctor.rhythm import Rhythm
from gateway.doctor.service import Process
from gateway.doctor.telling import Destinations
from gateway.doctor.timekeeping import Time
from gateway.model import Eui64, TimeQuality
from tests.doctor.scene import (
    GATEWAY,
    NOW,
    answers,
    destination,
    device,
    finding,
    gateway,
    journal,
    judged,
    lately,
    provoked,
    running,
    source,
    status,
    well,
)

UNIT = {
    "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled", "NRestarts": "0",
    "Result": "success", "ExecMainStatus": "0", "Type": "notify", "WatchdogUSec": "30s",
}  # fmt: skip
DEV_EUI = Eui64("a81758fffe0a0001")


async def test_a_healthy_agents_every_word_is_well(tmp_path: Path) -> None:
    one = running(tmp_path, status=status(agent={"version": __version__, "running": True}))

    topics = (
        "radio",
        "devices",
        "destinations.standing",
        "destinations.backlog",
        "destinations.held",
        "destinations.losses",
        "disk.journal",
    )
    well(await finding(one, *topics, "agent.running", "agent.version"))


# ── the process ──


def process(answering: Answering = Answering.ANSWERS, version: str = __version__, **unit: str) -> Process:
    return Process(answering=answering, version=version, since_s=60.0, pid=7, unit={**UNIT, **unit})


def test_how_the_agent_stands_is_told_by_socket_and_unit() -> None:
    well(judged("agent.running", process()))

    provoked(judged("agent.running", process(Answering.ABSENT)), "agent.running:stopped")
    provoked(judged("agent.running", process(Answering.LEFT, ActiveState="failed")), "agent.running:failed")
    provoked(judged("agent.running", process(Answering.ABSENT, ExecMainStatus="78")), "agent.running:misconfigured")
    provoked(judged("agent.running", process(Answering.MUTE)), "agent.running:mute")
    provoked(judged("agent.running", process(Answering.DENIED)), "agent.running:denied")


def test_without_a_unit_an_agent_is_started_by_hand() -> None:
    one = Process(answering=Answering.ABSENT, unit={})

    assert provoked(judged("agent.running", one), "agent.running:stopped").do == "brygga run"
    assert judged("watchdog.fed", one) == []


def test_restarts_versions_and_the_watchdog() -> None:
    well(
        [*judged("agent.restarts", process()), *judged("watchdog.fed", process()), *judged("agent.version", process())]
    )

    provoked(judged("agent.version", process(version="0.0.1")), "agent.version:other")
    provoked(judged("agent.restarts", process(SubState="auto-restart", NRestarts="4")), "agent.restarts:restarting")
    provoked(judged("agent.restarts", process(NRestarts="3")), "agent.restarts:restarted")
    provoked(judged("agent.restarts", process(UnitFileState="disabled")), "agent.restarts:not_enabled")
    provoked(judged("watchdog.fed", process(Result="watchdog")), "watchdog.fed:bitten")
    provoked(judged("watchdog.fed", process(WatchdogUSec="0")), "watchdog.fed:unwatched")
    provoked(judged("watchdog.fed", process(Type="simple")), "watchdog.fed:unwatched")


async def test_what_systemd_says_of_the_unit_is_read(tmp_path: Path) -> None:
    said = "\n".join(f"{name}={value}" for name, value in {**UNIT, "NRestarts": "5"}.items())

    findings = await finding(running(tmp_path, run=answers(systemctl=said)), "agent", "watchdog")

    provoked(findings, "agent.restarts:restarted")
    assert [one.check for one in findings if one.standing == "well"] == [
        "agent.running",
        "agent.version",
        "watchdog.fed",
    ]


# ── the radio ──


async def radio(folder: Path, *sources: dict[str, Any], **more: Any) -> list[Any]:
    return await finding(running(folder, status=status(sources=[*sources], **more)), "radio")


async def test_what_a_source_hears(tmp_path: Path) -> None:
    provoked(await radio(tmp_path, source(heard=0, last_heard_s=None)), "radio.frames:deaf")
    provoked(await radio(tmp_path, source(last_heard_s=7200.0)), "radio.frames:quiet")


async def test_a_source_that_has_just_begun_is_not_called_deaf(tmp_path: Path) -> None:
    findings = await radio(tmp_path, source(heard=0, last_heard_s=None), since_s=60.0)

    assert "radio.frames" not in [one.check for one in findings if one.ill]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ([2] * 60, "mast: 20 frames in the last 10 minutes, last 20 s ago"),
        ([2] * 50 + [0] * 10, "mast: 100 frames in the last hour, last 20 s ago"),
    ],
    ids=["now", "before"],
)
async def test_what_was_heard_of_late_is_told(tmp_path: Path, minutes: list[int], words: str) -> None:
    one = source(minutes={"heard": minutes, "broken": [0] * 60})

    findings = await radio(tmp_path, one)

    assert [one.seen for one in findings if one.check == "radio.frames"] == [words]


async def test_how_much_of_it_is_whole(tmp_path: Path) -> None:
    def heard(whole: int, broken: int) -> dict[str, Any]:
        return source(gateways={GATEWAY: gateway(lately=lately(whole, broken))})

    provoked(await radio(tmp_path, heard(0, 100)), "radio.crc:none_whole")
    provoked(await radio(tmp_path, heard(30, 70)), "radio.crc:many_broken")


@pytest.mark.parametrize(
    "counts",
    [(80, 20), (0, 5), (19, 1, 0, 500), (5, 0, 60, 1)],
    ids=["noise is usual", "five say nothing", "mended ten minutes ago", "few now, well in the hour"],
)
async def test_noise_is_no_finding(tmp_path: Path, counts: tuple[int, ...]) -> None:
    findings = await radio(tmp_path, source(gateways={GATEWAY: gateway(lately=lately(*counts))}))

    assert not [one for one in findings if one.check == "radio.crc" and one.ill]


async def test_where_few_come_the_hour_is_judged(tmp_path: Path) -> None:
    findings = await radio(tmp_path, source(gateways={GATEWAY: gateway(lately=lately(0, 3, 0, 40))}))

    assert "100% of 43 packets in the last hour" in provoked(findings, "radio.crc:none_whole").seen


async def test_nothing_is_said_of_broken_packets_where_a_gateway_does_not_tell_of_them(tmp_path: Path) -> None:
    station = gateway(lately=lately(500, 0), stat=None)

    findings = await radio(tmp_path, source(type="basics_station", gateways={GATEWAY: station}))

    assert "radio.crc" not in [one.check for one in findings]


async def test_how_a_forwarder_speaks(tmp_path: Path) -> None:
    none = await radio(tmp_path, source(gateways={}))

    assert "serv_port_down 1700" in provoked(none, "radio.forwarder:no_forwarder").do
    provoked(await radio(tmp_path, source(gateways={GATEWAY: gateway(last_seen_s=500.0)})), "radio.forwarder:silent")
    mute = await radio(tmp_path, source(gateways={GATEWAY: gateway(can_transmit=False, last_pull_s=None)}))
    assert provoked(mute, "radio.forwarder:no_pull").about == GATEWAY


async def test_what_the_kernel_gives_and_drops(tmp_path: Path) -> None:
    small = {"asked_bytes": 4_000_000, "granted_bytes": 200_000, "dropped_by_kernel": 0}

    provoked(await radio(tmp_path, source(receive_buffer=small)), "radio.buffer:small")
    provoked(await radio(tmp_path, source(receive_buffer={**small, "dropped_by_kernel": 9})), "radio.buffer:dropping")


async def test_a_source_that_does_not_listen_and_one_that_says_what_is_wrong(tmp_path: Path) -> None:
    broker = {"connected": False, "last_error": "connection refused"}
    away = await radio(tmp_path, source(type="chirpstack", listening=None, broker=broker))

    assert provoked(away, "radio.source:away").seen == "connection refused"
    provoked(await radio(tmp_path, source(type="serial_modem", advice=["no answer"])), "radio.source:advice")


async def test_a_forwarder_whose_clock_is_wrong(tmp_path: Path) -> None:
    stat = {"age_s": 5.0, "time": "2026-11-26T11:30:00+00:00"}

    findings = await radio(tmp_path, source(gateways={GATEWAY: gateway(stat=stat)}))

    assert provoked(findings, "radio.clock:apart").seen.endswith("30 min apart")


# ── devices ──


def devices(*listed: dict[str, Any], last_s: float = 60.0, **told: Any) -> Devices:
    rhythm = Rhythm(NOW - timedelta(seconds=last_s), timedelta(minutes=15))
    return Devices(listed=listed, rhythms={DEV_EUI: rhythm}, since_s=90_000.0, now=NOW, status=status(**told))


def test_which_devices_speak() -> None:
    provoked(judged("devices.registered", devices()), "devices.registered:none")
    new = device(dev_eui="a81758fffe0a0002", name="", last_heard_s=None, next_f_cnt_up=None)
    never = provoked(judged("devices.heard", devices(device(), new)), "devices.heard:never_heard")
    assert never.do == "brygga device show a81758fffe0a0002"
    silent = judged("devices.heard", devices(device(last_heard_s=None), last_s=4 * 3600.0))
    assert provoked(silent, "devices.heard:silent").seen == "1 silent: Library"


@pytest.mark.parametrize(
    "facts",
    [
        devices(device(last_heard_s=1800.0)),
        Devices(
            listed=[device(last_heard_s=None)],
            rhythms={DEV_EUI: Rhythm(NOW - timedelta(days=3), timedelta(minutes=15))},
            since_s=600.0,
            now=NOW,
            status=status(),
        ),
        Devices(listed=[device(last_heard_s=9e6)], rhythms={}, since_s=9e6, now=NOW, status=status()),
    ],
    ids=["two pauses are missed", "the agent was away", "its rhythm is not known"],
)
def test_a_device_is_not_called_silent_where_nobody_can_know(facts: Devices) -> None:
    well(judged("devices.heard", facts))


def test_who_else_speaks_and_what_is_refused() -> None:
    def refused(**reasons: int) -> Devices:
        return devices(device(), network={"counts": {"uplinks": 100}, "refused": reasons, "unclaimed": {}})

    provoked(judged("devices.strangers", refused(unknown_device=3)), "devices.strangers:strangers")
    provoked(judged("devices.proved", refused(mic=50)), "devices.proved:wrong_mic")
    provoked(judged("devices.proved", refused(replayed_dev_nonce=1)), "devices.proved:refused_joins")
    well(judged("devices.proved", refused(mic=3)))


def test_what_is_understood() -> None:
    provoked(judged("devices.decoders", devices(device(decoder=""))), "devices.decoders:no_decoder")
    failing = judged("devices.decoders", devices(device(), undecoded={"elsys/ers: failed": 4}))
    assert provoked(failing, "devices.decoders:undecoded").about == "elsys/ers"
    broken = devices(device(), broken_decoders={"acme/th": "line 3: no such unit"})
    provoked(judged("devices.decoders", broken), "devices.decoders:broken")


# ── destinations ──


def destinations(**more: Any) -> Destinations:
    return Destinations(told={"lund": destination(**more)}, since_s=90_000.0)


def test_how_a_destination_stands() -> None:
    def standing(**more: Any) -> Any:
        return judged("destinations.standing", destinations(**more))

    provoked(standing(trouble="no route", trouble_s=90.0), "destinations.standing:stalled")
    refusing = provoked(standing(state="refusing", last_refusal="401"), "destinations.standing:refusing")
    assert (refusing.seen, refusing.about) == ("last answer: 401", "lund")
    provoked(standing(waiting=3, last_answer_s=None), "destinations.standing:never")
    noted = provoked(standing(transport={"notes": ["no subscriber"]}), "destinations.standing:noted")
    assert noted.do.endswith("[[destination]] lund in brygga.toml")
    provoked(judged("destinations.standing", Destinations(told={}, since_s=1.0)), "destinations.standing:none")


def test_what_waits_is_held_and_lost() -> None:
    def backlog(**more: Any) -> Any:
        return judged("destinations.backlog", destinations(**more))

    provoked(backlog(waiting=9, oldest_s=7200.0), "destinations.backlog:waiting")
    provoked(backlog(waiting=9, oldest_s=90_000.0), "destinations.backlog:waiting_long")
    provoked(backlog(waiting=9, configured=False), "destinations.backlog:left")
    held = judged("destinations.held", destinations(held={"refused": 4}, last_refusal="422 no such attribute"))
    assert provoked(held, "destinations.held:held").seen == "4 refused: 422 no such attribute"
    provoked(judged("destinations.losses", destinations(lost=4)), "destinations.losses:lost")
    provoked(judged("destinations.losses", destinations(given_up=4)), "destinations.losses:given_up")


# ── relays, servers, the journal ──


def test_relays_and_network_servers() -> None:
    kept = {"frames": 4, "oldest_s": 9.0, "lost": 0}

    away = judged("relays.standing", {"ttn": {"state": "away", "away_s": 90.0, "kept": kept, "advice": ["x"]}})
    assert [one.ill for one in away] == ["away"]
    provoked(away, "relays.standing:away")
    lossy = {"ttn": {"state": "answers", "kept": {**kept, "lost": 3}, "advice": ["no gateway has spoken yet"]}}
    provoked(judged("relays.standing", lossy), "relays.standing:lost")
    provoked(judged("relays.standing", lossy), "relays.standing:advice")
    told = {"counts": {"uplinks": 3, "disk_took_nothing": 1}, "downlinks": {"refused": 2}}
    provoked(judged("servers.told", told), "servers.told:not_kept")
    provoked(judged("servers.told", told), "servers.told:refused")


async def test_what_the_journal_says_of_itself(tmp_path: Path) -> None:
    async def said(**more: Any) -> Any:
        return await finding(running(tmp_path, status=status(journal=journal(**more))), "disk.journal")

    provoked(await said(alarms=[{"kind": "disk", "words": "takes nothing"}]), "disk.journal:alarm")
    provoked(await said(trouble="no space left on device"), "disk.journal:refuses")
    provoked(await said(used_bytes=95 * 10**6), "disk.journal:crowded")
    provoked(await said(damaged=2), "disk.journal:damaged")


async def test_the_dashboards_alarm_is_not_called_the_journals(tmp_path: Path) -> None:
    alarms = [{"kind": "web", "words": "web: TCP port 8080 is taken by another program"}]

    well(await finding(running(tmp_path, status=status(journal=journal(alarms=alarms))), "disk.journal"))


FULL = "/data/journal.db: the disk is full (0 kB free): make room on it"


@pytest.mark.parametrize("trouble", [None, FULL], ids=["nearly full", "full"])
async def test_a_disk_without_room_is_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str | None
) -> None:
    alarms = [{"kind": "nearly_full", "words": "the disk is nearly full"}]
    alarms += [{"kind": "disk", "words": trouble}] if trouble else []
    one = running(tmp_path, status=status(journal=journal(alarms=alarms, trouble=trouble)))
    monkeypatch.setattr("gateway.doctor.disk.FULL", 2**63)  # octets; no disk of a test has them

    findings = await finding(one, "disk.room", "disk.journal")

    assert [found.ill for found in findings if found.ill] == ["full"]
    assert (FULL in provoked(findings, "disk.room:full").seen) is (trouble is not None)


async def test_a_trouble_of_the_disk_is_told_once_and_an_older_alarm_beside_it(tmp_path: Path) -> None:
    alarms = [{"kind": "disk", "words": "input/output error"}, {"kind": "damaged", "words": "a page was torn"}]
    one = running(tmp_path, status=status(journal=journal(alarms=alarms, trouble="input/output error")))

    findings = await finding(one, "disk.journal")

    assert [found.seen for found in findings if found.ill] == ["damaged: a page was torn", "input/output error"]


# ── the clock ──


def time(**more: Any) -> Time:
    known: dict[str, Any] = {"now": NOW, "quality": TimeQuality.NTP, "trust": TimeQuality.NTP, "agent": None}
    return Time(
        **{**known, "keepers": ["chrony"], "start": "timedatectl", "are_seen": True, "rtc_apart_s": 0.5, **more}
    )


def test_how_the_clock_stands() -> None:
    well([*judged("clock.quality", time()), *judged("clock.keeper", time()), *judged("clock.battery", time())])

    nobody = time(quality=TimeQuality.UNSYNCHRONISED, keepers=[])
    provoked(judged("clock.quality", nobody), "clock.quality:unkept")
    hidden = time(quality=TimeQuality.UNSYNCHRONISED, keepers=[], are_seen=False)
    provoked(judged("clock.quality", hidden), "clock.quality:unsynchronised")
    provoked(judged("clock.keeper", nobody), "clock.keeper:no_keeper")
    provoked(judged("clock.quality", time(now=NOW.replace(year=1970))), "clock.quality:past")
    vouched = time(quality=TimeQuality.UNSYNCHRONISED, trust=TimeQuality.SYSTEM)
    provoked(judged("clock.quality", vouched), "clock.quality:vouched")
    jumped = {"quality": "ntp", "trusted": True, "words": "the machine's clock has jumped by 2:00:00; the time goes on"}
    assert provoked(judged("clock.quality", time(agent=jumped)), "clock.quality:jumped").seen.endswith("2:00:00")
    two = provoked(judged("clock.keeper", time(keepers=["chrony", "ntp"])), "clock.keeper:two_keepers")
    assert two.do.endswith("--now ntp")
    provoked(judged("clock.battery", time(rtc_apart_s=7200.0)), "clock.battery:off")
    well(judged("clock.battery", time(rtc_apart_s=None)))
