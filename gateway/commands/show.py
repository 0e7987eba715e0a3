"""What commands print: tables for people, on a terminal of any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from gateway.commands.lines import problems, say, warnings
from gateway.commands.listing import Column, lay_out, pairs, printable, terminal_width
from gateway.spans import ago

if TYPE_CHECKING:
    from gateway.model import Json

HELD_WORDS = {
    "refused": "refused by the platform",
    "undecoded": "not understood by a decoder",
    "undated": "heard before the clock was right",
}


def working(words: str) -> AbstractContextManager[object]:
    """Show on a terminal that something goes on, for as long as the block lasts."""
    return Console(stderr=True).status(words)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    say("\n".join(lay_out(columns, rows, terminal_width())))


# ── devices ──

DEVICE_COLUMNS = (
    Column("DevEUI"), Column("name", is_cut=True), Column("decoder", is_cut=True), Column("activation", leaves=3),
    Column("DevAddr"), Column("FCnt"), Column("last heard"), Column("tags", leaves=2, is_cut=True),
)  # fmt: skip


def devices(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print the list of devices, and how many there are."""
    if not rows:
        say("no devices; `brygga device add --help` and `brygga device import --help` tell how to add some")
        return
    _table(DEVICE_COLUMNS, [_device_row(row) for row in rows])
    silent = sum(row["dev_addr"] is None for row in rows)
    say(f"{len(rows)} devices" + (f", {silent} of them not joined yet" if silent else ""))


def _device_row(row: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        row["dev_eui"],
        row["name"],
        row["decoder"] or "none",
        row["activation"],
        row["dev_addr"] or "-",
        str(row["next_f_cnt_up"] - 1) if row["next_f_cnt_up"] else "-",
        "-" if row["last_heard_s"] is None else ago(row["last_heard_s"]),
        " ".join(row["tags"]),
    )


# ── decoding ──

READING_COLUMNS = (Column("quantity"), Column("value"), Column("unit"), Column("channel"), Column("at"))


def decoded(outcome: Mapping[str, Json]) -> None:
    """Print a payload's readings, raw fields and warnings, or why it cannot be read."""
    if "error" in outcome:
        problems([printable(outcome["error"])])
        return
    rows = [
        (one["quantity"], _reading(one), one["unit"], one["channel"] or "", one["at"] or "")
        for one in outcome["readings"]
    ]
    _table(READING_COLUMNS, rows) if rows else say("no readings")
    if outcome["fields"]:
        say("fields: " + ", ".join(f"{printable(name)}={_plain(value)}" for name, value in outcome["fields"].items()))
    warnings(map(printable, outcome["warnings"]))


def _reading(one: Mapping[str, Json]) -> str:
    return _plain(one["value"]) + (" (implausible)" if one["plausibility"] == "implausible" else "")


def _plain(value: Json) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "-"
        case dict():
            return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
        case list():
            return "; ".join(map(_plain, value)) or "-"
        case _:
            return printable(str(value))


# ── dead letters ──

LETTER_COLUMNS = (
    Column("id"), Column("destination", is_cut=True), Column("DevEUI"), Column("FCnt"), Column("heard", leaves=1),
    Column("why", is_cut=True),
)  # fmt: skip


def dead_letters(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print the list of dead letters."""
    if not rows:
        say("no dead letters")
        return
    _table(LETTER_COLUMNS, [_letter_row(row) for row in rows])
    say("`brygga dead-letters show ID` tells all of one, `brygga dead-letters retry ID` sends it again")


def _letter_row(row: Mapping[str, Json]) -> tuple[str, ...]:
    why = f"{HELD_WORDS[row['kind']]}: {row['reason']}"
    return str(row["id"]), row["destination"], row["dev_eui"], str(row["f_cnt"]), _moment(row["heard_at"]), why


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")


def dead_letter(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print one dead letter, and why each destination holds it back."""
    one = rows[0]
    told = {
        "id": str(one["id"]),
        "uplink": one["uplink"],
        "DevEUI": one["dev_eui"],
        "FCnt": str(one["f_cnt"]),
        "FPort": str(one["f_port"]),
        "heard": f"{_moment(one['heard_at'])} UTC",
        "payload": one["payload"] or "-",
    } | {
        row["destination"]: f"{HELD_WORDS[row['kind']]} at {_moment(row['held_at'])} UTC\n{row['reason']}"
        for row in rows
    }
    for line in pairs(told, terminal_width()):
        say(line)
