"""What is told of the box: the agent, its process, the machine, the journal, the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.journal import AlarmKind
from gateway.model import TimeQuality
from gateway.observe.metric import Found, Kind, Metric, View, as_number, at, counted, number


def _info(view: View) -> Found:
    yield (view["agent"]["name"], view["agent"]["version"]), 1.0


def _quality(view: View) -> Found:
    now = at(view, "clock", "quality")
    yield from (((one.name.lower(),), float(one.name.lower() == now)) for one in TimeQuality)


def _alarms(view: View) -> Found:
    kinds = [one["kind"] for one in view["journal"]["alarms"]]
    yield from (((kind,), float(kinds.count(kind))) for kind in dict.fromkeys([*map(str, AlarmKind), "web", *kinds]))


def _certificates(view: View) -> Found:
    yield from (((file,), as_number(ends)) for file, ends in (at(view, "certificates") or {}).items())


def _web(name: str) -> Callable[[View], Found]:
    return number("web", name)


BOX: Final = (
    Metric(
        name="brygga",
        kind=Kind.INFO,
        labels=("gateway", "version"),
        help="The gateway's name and the version that runs.",
        where="agent.name, agent.version",
        find=_info,
    ),
    Metric(
        name="brygga_uptime_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        help="Since the agent started.",
        where="since_s",
        find=number("since_s"),
    ),
    Metric(
        name="brygga_clock_trusted",
        kind=Kind.GAUGE,
        help="1 where the clock is as good as clock.trust wants it; at 0 uplinks are kept and not told.",
        where="clock.trusted",
        find=number("clock", "trusted"),
    ),
    Metric(
        name="brygga_clock_quality",
        kind=Kind.GAUGE,
        labels=("quality",),
        help="1 at the quality that the clock has now, 0 at the others.",
        where="clock.quality",
        find=_quality,
    ),
    Metric(
        name="brygga_alarms",
        kind=Kind.GAUGE,
        labels=("kind",),
        help="Alarms that stand; `brygga status` has their words, `brygga journal seen` ends those that wait to be seen.",
        where="journal.alarms",
        find=_alarms,
    ),
    Metric(
        name="brygga_certificate_end_timestamp_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("file",),
        help="When a certificate that the configuration names ends, in seconds since 1970.",
        where="certificates",
        find=_certificates,
    ),
    Metric(
        name="brygga_process_resident_memory_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="Memory that the agent's process has in RAM.",
        where="process.resident_bytes",
        find=number("process", "resident_bytes"),
    ),
    Metric(
        name="brygga_process_cpu_seconds",
        kind=Kind.COUNTER,
        unit="seconds",
        help="Time that the agent's process has used of all cores.",
        where="process.cpu_s",
        find=number("process", "cpu_s"),
    ),
    Metric(
        name="brygga_process_open_fds",
        kind=Kind.GAUGE,
        help="Files and sockets that the agent's process has open.",
        where="process.open_files",
        find=number("process", "open_files"),
    ),
    Metric(
        name="brygga_event_loop_lag_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        help="The longest time in the last minute that something had to wait for its turn in the agent's loop.",
        where="process.loop_lag_s",
        find=number("process", "loop_lag_s"),
    ),
    Metric(
        name="brygga_temperature_celsius",
        kind=Kind.GAUGE,
        unit="celsius",
        labels=("zone",),
        help="Temperatures that the kernel knows.",
        where="machine.temperature_c",
        find=counted("machine", "temperature_c"),
    ),
    Metric(
        name="brygga_disk_free_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="What is free of the disk on which the journal lies.",
        where="machine.disk_free_bytes",
        find=number("machine", "disk_free_bytes"),
    ),
    Metric(
        name="brygga_disk_size_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="The size of that disk.",
        where="machine.disk_bytes",
        find=number("machine", "disk_bytes"),
    ),
    Metric(
        name="brygga_disk_written_bytes_per_day",
        kind=Kind.GAUGE,
        help="What a day at the pace so far writes to that disk.",
        where="journal.wear.disk_bytes_per_day",
        find=number("journal", "wear", "disk_bytes_per_day"),
    ),
    Metric(
        name="brygga_disk_life_years",
        kind=Kind.GAUGE,
        help="How long a card of its class takes that.",
        where="journal.wear.years",
        find=number("journal", "wear", "years"),
    ),
    Metric(
        name="brygga_web_connections",
        kind=Kind.GAUGE,
        help="Connections to the dashboard.",
        where="web.connections",
        find=_web("connections"),
    ),
    Metric(
        name="brygga_web_logins",
        kind=Kind.COUNTER,
        help="Logins at the dashboard.",
        where="web.logins",
        find=_web("logins"),
    ),
    Metric(
        name="brygga_web_refused",
        kind=Kind.COUNTER,
        labels=("reason",),
        help="Requests that the dashboard refused.",
        where="web.refused",
        find=counted("web", "refused", always=("password", "token", "too_often", "fault")),
    ),
    Metric(
        name="brygga_metrics_refused",
        kind=Kind.COUNTER,
        labels=("reason",),
        help="Requests that the port of [metrics] refused.",
        where="metrics.refused",
        find=counted("metrics", "refused"),
    ),
)

JOURNAL: Final = (
    Metric(
        name="brygga_journal_rows",
        kind=Kind.GAUGE,
        help="Uplinks that the journal keeps, delivered or not.",
        where="journal.rows",
        find=number("journal", "rows"),
    ),
    Metric(
        name="brygga_journal_used_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="What of the journal's file is in use.",
        where="journal.used_bytes",
        find=number("journal", "used_bytes"),
    ),
    Metric(
        name="brygga_journal_quota_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="What of it uplinks may use, of journal.limit; near it the oldest go, as journal.when_full says.",
        where="journal.quota_bytes",
        find=number("journal", "quota_bytes"),
    ),
    Metric(
        name="brygga_journal_limit_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="The configured journal.limit.",
        where="journal.limit_bytes",
        find=number("journal", "limit_bytes"),
    ),
    Metric(
        name="brygga_journal_wal_bytes",
        kind=Kind.GAUGE,
        unit="bytes",
        help="The size of the write-ahead log; it stays large where another program reads the journal for long.",
        where="journal.wal_bytes",
        find=number("journal", "wal_bytes"),
    ),
    Metric(
        name="brygga_journal_commits",
        kind=Kind.COUNTER,
        help="Transactions, each with one flush to the card.",
        where="journal.commits",
        find=number("journal", "commits"),
    ),
    Metric(
        name="brygga_journal_committed_rows",
        kind=Kind.COUNTER,
        help="Rows that are safe on disk: uplinks, and frames that are kept for a server.",
        where="journal.committed_rows",
        find=number("journal", "committed_rows"),
    ),
    Metric(
        name="brygga_journal_failed_commits",
        kind=Kind.COUNTER,
        help="How often the disk did not take what was to be kept.",
        where="journal.failed_commits",
        find=number("journal", "failed_commits"),
    ),
    Metric(
        name="brygga_journal_dropped_rows",
        kind=Kind.COUNTER,
        help="Rows that went because everybody had them; over starts.",
        where="journal.dropped_rows",
        find=number("journal", "dropped_rows"),
    ),
    Metric(
        name="brygga_journal_damaged_records",
        kind=Kind.GAUGE,
        help="Records that cannot be read and were passed over.",
        where="journal.damaged",
        find=number("journal", "damaged"),
    ),
)
