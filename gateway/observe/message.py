"""The health message: how the box is, in some hundred octets. docs/reference/health.schema.json describes it; a test compares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.model import Json
from gateway.observe.metric import View, at

MOST_WORDS: Final = 300  # characters of an alarm
MOST_LISTED: Final = 50  # sources, destinations, alarms


def message(view: View, now: datetime, interval_s: float) -> Mapping[str, Json]:
    """Return the message of a running agent; ``interval_s``: when the next one comes."""
    temperatures = (at(view, "machine", "temperature_c") or {}).values()
    return {
        "gateway": view["agent"]["name"],
        "version": view["agent"]["version"],
        "at": now.isoformat(timespec="seconds"),
        "next_s": interval_s,
        "uptime_s": view["since_s"],
        "clock": {"quality": view["clock"]["quality"], "trusted": view["clock"]["trusted"]},
        "devices": view["network"]["devices"],
        "uplinks": view["network"]["counts"].get("uplinks", 0) + at(view, "servers", "counts").get("uplinks", 0),
        "sources": [_source(one, view) for one in view["sources"][:MOST_LISTED]],
        "destinations": [_destination(name, one) for name, one in [*view["destinations"].items()][:MOST_LISTED]],
        "journal": {name: view["journal"][name] for name in ("rows", "used_bytes", "quota_bytes", "failed_commits")},
        "disk_free_bytes": at(view, "machine", "disk_free_bytes"),
        "memory_bytes": at(view, "process", "resident_bytes"),
        "temperature_c": max(temperatures, default=None),
        "alarms": [
            {"kind": one["kind"], "since": one["since"], "words": one["words"][:MOST_WORDS]}
            for one in view["journal"]["alarms"][:MOST_LISTED]
        ],
    }


def disk_message(gateway: str, version: str, now: datetime, interval_s: float, words: str) -> Mapping[str, Json]:
    """Return what can be said where the journal cannot be read."""
    at_ = now.isoformat(timespec="seconds")
    alarm = {"kind": "disk", "since": at_, "words": words[:MOST_WORDS]}
    return {"gateway": gateway, "version": version, "at": at_, "next_s": interval_s, "alarms": [alarm]}


def _source(one: Mapping[str, Json], view: View) -> Mapping[str, Json]:
    return {
        "name": one["name"],
        "type": one["type"],
        "hears": view["hearing"][one["name"]],
        "frames": one["heard"],
        "last_heard_s": one["last_heard_s"],
    }


def _destination(name: str, one: Mapping[str, Json]) -> Mapping[str, Json]:
    return {
        "name": name,
        "state": one.get("state", "no longer configured"),
        "waiting": one["waiting"],
        "oldest_s": one["oldest_s"],
        "held": sum(one["held"].values()),
        "lost": one["lost"],
        "trouble_s": one.get("trouble_s"),
    }
