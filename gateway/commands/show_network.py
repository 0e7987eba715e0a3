"""What the commands about the network print: downlinks, frames of nobody, frames that were not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.commands.lines import say
from gateway.commands.listing import Column, lay_out, pairs, terminal_width
from gateway.spans import ago

if TYPE_CHECKING:
    from gateway.model import Json

Rows = Sequence[Mapping[str, Any]]


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    say("\n".join(lay_out(columns, rows, terminal_width())))


def moment(text: str) -> str:
    """Return a time as people read it, UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def signal(one: Mapping[str, Json]) -> str:
    """Return how well a frame was heard: "-57 dBm, 9.2 dB"."""
    if one["rssi_dbm"] is None:
        return "not told"
    snr = "" if one["snr_db"] is None else f", {one['snr_db']:g} dB"
    return f"{one['rssi_dbm']:g} dBm{snr}"


# ── downlinks ──

DOWNLINK_COLUMNS = (
    Column("id"), Column("device", is_cut=True), Column("port"), Column("payload", is_cut=True),
    Column("queued", leaves=2), Column("reference", leaves=1, is_cut=True), Column("state", is_cut=True),
)  # fmt: skip


def downlinks(rows: Rows) -> None:
    """Print the list of downlinks."""
    if not rows:
        say("no downlinks wait; `brygga downlink send --help` tells how to send one")
        return
    _table(DOWNLINK_COLUMNS, [_downlink_row(row) for row in rows])


def _downlink_row(row: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        str(row["id"]),
        row["name"] or row["dev_eui"],
        str(row["f_port"]),
        row["payload"],
        moment(row["queued_at"]),
        row["reference"],
        row["words"],
    )


def downlink(row: Mapping[str, Json]) -> None:
    """Print all that is known of one downlink."""
    told = {
        "id": str(row["id"]),
        "device": " ".join(filter(None, (row["dev_eui"], row["name"]))),
        "state": row["words"],
        "port": str(row["f_port"]),
        "payload": row["payload"],
        "confirmed": "yes" if row["confirmed"] else "no",
        "priority": str(row["priority"]),
        "queued": f"{moment(row['queued_at'])} UTC",
        "expires": "never" if row["expires_at"] is None else f"{moment(row['expires_at'])} UTC",
        "last sent": "-" if row["sent_at"] is None else f"{moment(row['sent_at'])} UTC, FCnt {row['f_cnt']}",
        "reference": row["reference"] or "-",
    }
    for line in pairs(told, terminal_width()):
        say(line)


# ── frames ──

STRANGER_COLUMNS = (
    Column("who"), Column("belongs to", is_cut=True), Column("frames"), Column("last heard"), Column("signal"),
    Column("data rate", leaves=1), Column("gateways", leaves=2, is_cut=True),
)  # fmt: skip


def strangers(rows: Rows) -> None:
    """Print who transmits nearby and belongs to nobody."""
    if not rows:
        say("nobody was heard but this box's own devices")
        return
    _table(STRANGER_COLUMNS, [_stranger_row(row) for row in rows])
    if any(row["kind"] == "join" for row in rows):
        say("one that asks to join and is yours: `brygga device add --dev-eui …`")
    if any(row["kind"] == "served" for row in rows):
        say("one that a network server tells of and is yours: `brygga device add` without keys")


def _stranger_row(row: Mapping[str, Json]) -> tuple[str, ...]:
    match row["kind"]:
        case "join":
            whose = f"asks to join at {row['join_eui']}"
        case "served":
            whose = f"told by {row['source']}"
        case _:
            whose = row["operator"] or "an unknown network"
    return (
        row["address"],
        whose,
        str(row["frames"]),
        ago(row["age_s"]),
        signal(row),
        row["data_rate"],
        " ".join(row["gateways"]),
    )


def refused(rows: Rows, *, running: bool) -> None:
    """Print the last frames that were not taken, each with the reason and what would help."""
    if not running:
        say("not known while the agent is stopped: it remembers the last 200 while it runs")
        return
    if not rows:
        say("no frame was refused since the agent started")
        return
    for row in rows:
        for line in pairs({moment(row["at"]): _refused(row)}, terminal_width()):
            say(line)


def _refused(row: Mapping[str, Json]) -> str:
    who = row["dev_eui"] or (f"DevAddr {row['dev_addr']}" if row["dev_addr"] else "unreadable")
    how = f"{row['data_rate']}, {signal(row)}, gateway {row['gateway']}"
    return f"{who}: {row['words']}\n{how}\n→ {row['helps']}"
