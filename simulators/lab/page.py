"""A report as one page: numbers, plots, a map and every discrepancy, without a script and without the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from gateway.errors import Brygga
from gateway.model import Json
from simulators.lab.report import promises_of
from simulators.lab.summary import span

SHOWN: Final = 1000  # discrepancies; the JSON has all of them
STYLE: Final = """\
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1em 0}td,th{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}.broken{color:#b3261e;font-weight:600}.kept{color:#1e7b34}
small{color:#555}h2{margin-top:2em}.story td{text-align:left}figure{margin:1em 0}"""

Told = Mapping[str, Json]


class NoPlots(Brygga):
    """Say that what draws the plots is not installed, and how it is."""


def page(told: Told) -> str:
    """Return the page; NoPlots where matplotlib is not installed."""
    try:
        from simulators.lab.plots import plots
    except ModuleNotFoundError as error:
        raise NoPlots(
            f"--html needs matplotlib ({error}): pip install 'brygga[lab]' brings it; --report FILE writes the same as JSON"
        ) from error
    name = escape(told["scenario"]["name"])
    body = [*_head(told), *_tables(told)]
    for title, svg in plots(told):
        body.append(f"<h2>{escape(title)}</h2><figure>{svg}</figure>")
    body += _discrepancies(told["discrepancies"])
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{name}</title><style>{STYLE}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def _head(told: Told) -> Iterator[str]:
    scenario, machine = told["scenario"], told["machine"]
    early = "" if scenario["whole"] else ", ended early"
    yield f"<h1>{escape(scenario['name'])}</h1><p>{escape(scenario['title'])}</p>"
    yield (
        f"<p>{span(scenario['passed_s'])} from {escape(scenario['begins'])} on{early}: {scenario['devices']:,} devices,"
        f" {scenario['gateways']} gateways, seed {scenario['seed']}.<br><small>Took {span(machine['seconds'])},"
        f" {machine['cpu_seconds']:g} s of them at work, and {machine['peak_bytes'] / 1e6:.0f} MB, on Python"
        f" {escape(machine['python'])}.</small></p>"
    )
    for one in promises_of(told):
        mark = "kept" if one.kept else "broken"
        yield f'<div class="{mark}">{mark}: {escape(one.promise)}: {escape(one.found)}</div>'


def _tables(told: Told) -> Iterator[str]:
    uplinks = told["uplinks"]
    yield "<h2>Uplinks</h2>"
    yield _table(
        ["", ""], [[words, uplinks[words]] for words in ("sent", "heard", "given", "committed", "acknowledged")]
    )
    yield _table(["lost on air", ""], [[_words(cause), count] for cause, count in uplinks["lost_on_air"].items()])
    yield "<h2>Platforms</h2>"
    yield _table(
        ["", "due", "delivered", "waiting", "twice", "p50 s", "p90 s", "p99 s", "most s"],
        [
            [name, *(one[key] for key in ("due", "delivered", "waiting", "duplicates")), *_latency(one["latency_s"])]
            for name, one in told["platforms"].items()
        ],
    )
    yield "<h2>Fleets</h2>"
    yield _table(
        ["", "devices", "active", "join requests", "sent", "heard", "on disk", "acknowledged", "delivered", "p99 s"],
        [
            [
                name,
                *(one[key] for key in ("devices", "active", "join_requests", "sent", "heard")),
                *(one[key] for key in ("committed", "acknowledged", "delivered")),
                one["latency_s"].get("p99"),
            ]
            for name, one in told["fleets"].items()
        ],
    )
    yield "<h2>Gateways</h2>"
    yield _table(
        ["", "frames", "downlinks", "not taken", "unheard", "on air s", "fullest hour"],
        [
            [
                name,
                one["frames"],
                one["downlinks"],
                sum(one["downlinks_refused"].values()),
                one["downlinks_unheard"],
                one["airtime_s"],
                f"{one['fullest_hour']:.1%}",
            ]
            for name, one in told["gateways"].items()
        ],
    )
    agent = told["agent"]
    yield "<h2>The agent</h2>"
    counts = [[words, agent[words]] for words in ("starts", "power cuts", "ended by itself")]
    yield _table(["", ""], [*counts, *([f"refused: {_words(why)}", count] for why, count in agent["refused"].items())])
    if told["mischief"]:
        yield _table(["mischief", "frames"], [[what, count] for what, count in told["mischief"].items()])
    if told["incidents"]:
        yield "<h2>Troubles</h2>"
        rows = [[one["what"], span(one["from_s"]), span(one["to_s"])] for one in told["incidents"]]
        yield _table(["", "from", "to"], rows)


def _latency(found: Mapping[str, float]) -> list[float | None]:
    return [found.get(key) for key in ("p50", "p90", "p99", "most")]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{_cell(one)}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case _:
            return escape(str(value))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _discrepancies(found: Sequence[Told]) -> list[str]:
    if not found:
        return []
    rows = [
        f'<tr class="{"broken" if one["breaks"] else ""}"><td>{escape(one["id"])}<br><small>{escape(one["device"])}'
        f"</small></td><td>{escape(one['fate'])}<br><small>{escape(one['story'])}</small></td></tr>"
        for one in sorted(found, key=lambda one: not one["breaks"])[:SHOWN]
    ]
    more = f"<p>and {len(found) - SHOWN:,} more, in the JSON</p>" if len(found) > SHOWN else ""
    return ["<h2>What is not where it should be</h2>", f'<table class="story">{"".join(rows)}</table>{more}']
