"""Render examples/grafana/brygga.json: one dashboard for all boxes and for one, from the rows below.

Called by scripts/generate.py; a test has promtool read every query, and looks each metric and label up in gateway/observe/table.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PAGE = ROOT / "examples" / "grafana" / "brygga.json"

WIDTH: Final = 24  # of Grafana's grid
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
BOX: Final = 'job="$job",instance=~"$instance"'
TO: Final = f'{BOX},destination=~"$destination"'
RATE: Final = "[$__rate_interval]"

Query = tuple[str, str]  # PromQL, and what its lines are called


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture; ``steps`` colour it from a value on."""

    title: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    about: str = ""
    steps: Sequence[tuple[str, float | None]] = (("green", None),)
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # what a number is shown as: words and colour


WELL: Final = {"0": ("no", "red"), "1": ("yes", "green")}
ROWS: Final[Mapping[str, Sequence[Panel]]] = {
    "All boxes": (
        Panel(
            title="Boxes that answer",
            kind="stat",
            width=4,
            height=5,
            queries=[('sum(up{job="$job"})', "")],
            steps=(("red", None), ("green", 1)),
        ),
        Panel(
            title="Boxes that do not",
            kind="stat",
            width=4,
            height=5,
            queries=[('count(up{job="$job"} == 0) or vector(0)', "")],
            steps=(("green", None), ("red", 1)),
        ),
        Panel(
            title="Uplinks in the last hour",
            kind="stat",
            width=4,
            height=5,
            queries=[(f"sum(increase(brygga_uplinks_total{{{BOX}}}[1h]))", "")],
        ),
        Panel(
            title="Waiting for platforms",
            kind="stat",
            width=4,
            height=5,
            queries=[(f"sum(brygga_destination_waiting{{{TO}}})", "")],
            steps=(("green", None), ("orange", 1000), ("red", 100_000)),
        ),
        Panel(
            title="Lost in the last day",
            kind="stat",
            width=4,
            height=5,
            about="Before a destination could have them, or because a journal was full.",
            queries=[
                (
                    f"sum(increase(brygga_destination_lost_total{{{TO}}}[1d])) + sum(increase(brygga_uplinks_lost_total{{{BOX}}}[1d]))",
                    "",
                )
            ],
            steps=(("green", None), ("red", 1)),
        ),
        Panel(
            title="Alarms",
            kind="stat",
            width=4,
            height=5,
            queries=[(f"sum(brygga_alarms{{{BOX}}})", "")],
            steps=(("green", None), ("red", 1)),
        ),
        Panel(
            title="Uplinks by box",
            width=12,
            unit="cpm",
            queries=[(f"60 * sum by (instance) (rate(brygga_uplinks_total{{{BOX}}}{RATE}))", "{{instance}}")],
        ),
        Panel(
            title="Waiting by box",
            width=12,
            queries=[(f"sum by (instance) (brygga_destination_waiting{{{TO}}})", "{{instance}}")],
        ),
        Panel(
            title="Versions",
            kind="table",
            width=12,
            queries=[(f"brygga_info{{{BOX}}}", "")],
        ),
        Panel(
            title="Clock is trusted",
            kind="stat",
            width=12,
            queries=[(f"brygga_clock_trusted{{{BOX}}}", "{{instance}}")],
            values=WELL,
            steps=(("red", None), ("green", 1)),
        ),
    ),
    "Hearing": (
        Panel(
            title="Frames by source",
            unit="cpm",
            queries=[(f"60 * rate(brygga_source_frames_total{{{BOX}}}{RATE})", "{{instance}} {{source}}")],
        ),
        Panel(
            title="Since the last frame",
            unit="s",
            queries=[(f"brygga_source_last_heard_seconds{{{BOX}}}", "{{instance}} {{source}}")],
        ),
        Panel(
            title="Not taken, by reason",
            unit="cpm",
            queries=[
                (f"60 * sum by (reason) (rate(brygga_frames_refused_total{{{BOX}}}{RATE})) > 0", "{{reason}}"),
                (
                    f"60 * sum by (source, reason) (rate(brygga_source_dropped_total{{{BOX}}}{RATE})) > 0",
                    "{{source}}: {{reason}}",
                ),
            ],
        ),
        Panel(
            title="Wrong CRC",
            unit="percentunit",
            about="Of what a gateway receives, in its forwarder's last interval.",
            queries=[(f"brygga_gateway_bad_crc_ratio{{{BOX}}}", "{{instance}} {{gateway}}")],
        ),
        Panel(
            title="Since a gateway spoke",
            unit="s",
            queries=[(f"brygga_gateway_last_seen_seconds{{{BOX}}}", "{{instance}} {{gateway}}")],
        ),
        Panel(
            title="Not decoded in an hour",
            queries=[
                (
                    f"sum by (decoder, reason) (increase(brygga_decode_failures_total{{{BOX}}}[1h]))",
                    "{{decoder}}: {{reason}}",
                )
            ],
        ),
    ),
    "Telling": (
        Panel(
            title="Waiting",
            queries=[(f"brygga_destination_waiting{{{TO}}}", "{{instance}} {{destination}}")],
        ),
        Panel(
            title="The oldest that waits",
            unit="s",
            queries=[(f"brygga_destination_oldest_seconds{{{TO}}}", "{{instance}} {{destination}}")],
        ),
        Panel(
            title="Delivered",
            unit="cpm",
            queries=[(f"60 * rate(brygga_destination_delivered_total{{{TO}}}{RATE})", "{{instance}} {{destination}}")],
        ),
        Panel(
            title="Away for",
            unit="s",
            queries=[(f"brygga_destination_trouble_seconds{{{TO}}}", "{{instance}} {{destination}}")],
        ),
        Panel(
            title="Until the backlog is told",
            unit="s",
            queries=[(f"brygga_destination_backlog_seconds{{{TO}}}", "{{instance}} {{destination}}")],
        ),
        Panel(
            title="Held back, and lost",
            queries=[
                (f"brygga_destination_held{{{TO}}} > 0", "{{instance}} {{destination}}: {{kind}}"),
                (f"increase(brygga_destination_lost_total{{{TO}}}[1h]) > 0", "{{instance}} {{destination}}: lost"),
            ],
        ),
    ),
    "Answering": (
        Panel(
            title="Downlinks waiting",
            width=6,
            queries=[(f"brygga_downlinks_waiting{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="Downlinks in an hour, by what became of them",
            width=6,
            queries=[(f"sum by (state) (increase(brygga_downlinks_total{{{BOX}}}[1h]))", "{{state}}")],
        ),
        Panel(
            title="Air that is used, of what the law allows",
            width=6,
            unit="percentunit",
            queries=[
                (
                    f"brygga_air_spent_seconds{{{BOX}}} / brygga_air_allowed_seconds{{{BOX}}}",
                    "{{gateway}} {{sub_band}}",
                )
            ],
        ),
        Panel(
            title="Tries that failed in an hour",
            width=6,
            queries=[
                (
                    f"sum by (window, reason) (increase(brygga_transmissions_failed_total{{{BOX}}}[1h]))",
                    "{{window}}: {{reason}}",
                )
            ],
        ),
    ),
    "The box": (
        Panel(
            title="Memory",
            width=6,
            unit="bytes",
            queries=[(f"brygga_process_resident_memory_bytes{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="Processor",
            width=6,
            unit="percentunit",
            about="Of one core.",
            queries=[(f"rate(brygga_process_cpu_seconds_total{{{BOX}}}{RATE})", "{{instance}}")],
        ),
        Panel(
            title="How late the loop is",
            width=6,
            unit="s",
            queries=[(f"brygga_event_loop_lag_seconds{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="Temperature",
            width=6,
            unit="celsius",
            queries=[(f"brygga_temperature_celsius{{{BOX}}}", "{{instance}} {{zone}}")],
        ),
        Panel(
            title="Journal, of its quota",
            width=6,
            unit="percentunit",
            queries=[(f"brygga_journal_used_bytes{{{BOX}}} / brygga_journal_quota_bytes{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="Free of the disk",
            width=6,
            unit="percentunit",
            queries=[(f"brygga_disk_free_bytes{{{BOX}}} / brygga_disk_size_bytes{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="The card's life at this pace",
            width=6,
            unit="none",
            about="Years; who says which class it is says it better (journal.card).",
            queries=[(f"brygga_disk_life_years{{{BOX}}}", "{{instance}}")],
        ),
        Panel(
            title="Certificates end in",
            width=6,
            unit="s",
            queries=[(f"brygga_certificate_end_timestamp_seconds{{{BOX}}} - time()", "{{instance}} {{file}}")],
        ),
    ),
}


def render() -> str:
    """Return the whole file."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def dashboard() -> Mapping[str, Any]:
    """Return the dashboard as Grafana imports it (schema 39: Grafana 10 and later)."""
    return {
        "__inputs": [],
        "__requires": [{"type": "grafana", "id": "grafana", "name": "Grafana", "version": "10.0.0"}],
        "uid": "brygga",
        "title": "Brygga",
        "tags": ["lorawan", "brygga"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [*_variables()]},
        "annotations": {"list": []},
        "panels": [*_panels()],
    }


def _variables() -> Iterator[Mapping[str, Any]]:
    yield {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    for name, label, query, several in (
        ("job", "Job", "label_values(brygga_info, job)", False),
        ("instance", "Box", 'label_values(brygga_info{job="$job"}, instance)', True),
        ("destination", "Destination", f"label_values(brygga_destination_waiting{{{BOX}}}, destination)", True),
    ):
        yield {
            "name": name,
            "label": label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": name},
            "definition": query,
            "refresh": 2,
            "sort": 1,
            "multi": several,
            "includeAll": several,
            **({"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if several else {}),
        }


def _panels() -> Iterator[Mapping[str, Any]]:
    number, y = 0, 0
    for title, panels in ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, y, WIDTH, 1),
        }
        x, y, highest = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, highest = 0, y + highest, 0
            number += 1
            yield _panel(panel, number, _at(x, y, panel.width, panel.height))
            x, highest = x + panel.width, max(highest, panel.height)
        y += highest


def _at(x: int, y: int, width: int, height: int) -> Mapping[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: Mapping[str, int]) -> Mapping[str, Any]:
    is_now = panel.kind != "timeseries"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"color": color, "value": value} for color, value in panel.steps],
                },
                "mappings": [
                    {"type": "value", "options": {value: {"text": text, "color": color}}}
                    for value, (text, color) in panel.values.items()
                ],
            },
            "overrides": [],
        },
        "options": _options(panel),
        "targets": [
            {
                "refId": chr(ord("A") + place_),
                "datasource": SOURCE,
                "expr": query,
                "legendFormat": legend or "__auto",
                "instant": is_now,
                "range": not is_now,
                **({"format": "table"} if panel.kind == "table" else {}),
            }
            for place_, (query, legend) in enumerate(panel.queries)
        ],
        **({"transformations": TABLE} if panel.kind == "table" else {}),
    }


def _options(panel: Panel) -> Mapping[str, Any]:
    match panel.kind:
        case "stat":
            return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value"}
        case "table":
            return {"showHeader": True}
        case _:
            return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}


TABLE: Final = [
    {
        "id": "organize",
        "options": {"excludeByName": {"Time": True, "Value": True, "__name__": True, "job": True}},
    }
]


if __name__ == "__main__":
    print(render())
