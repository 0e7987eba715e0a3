"""What a watch of a source comes to: does anything arrive, whose is it, what was dropped and what does that mean."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from gateway.commands import places, show_source
from gateway.commands.network import Ask
from gateway.commands.progress import progress
from gateway.commands.source_watching import Watched, watch
from gateway.commands.source_words import WORDS, Meaning
from gateway.config import Settings, load
from gateway.config.reaching import sources
from gateway.desk.words import did_you_mean
from gateway.errors import Busy, ConfigError, StorageError
from gateway.model import Json
from gateway.sources.settings import SourceSettings, type_of

UNKNOWN = Meaning("(the log, or the next version of this table, tells)")


def listed(options: argparse.Namespace, ask: Ask) -> dict[str, Json]:
    """Return the configuration's sources, with how each stands where the agent runs."""
    running, there = _standing(options, ask)
    try:
        named = sources(places.config_path(options))
    except ConfigError:
        if not running:
            raise
        named = [*there.values()]  # the agent goes on with what it read
    status = {name: one["status"] for name, one in there.items()}
    return {
        "running": running,
        "sources": [
            {"name": one["name"], "type": one["type"], "status": status.get(one["name"]) if running else None}
            for one in named
        ],
    }


def _standing(options: argparse.Namespace, ask: Ask) -> tuple[bool, Mapping[str, Mapping[str, Json]]]:
    try:
        answer = ask(options, {"do": "source.list"})
    except (ConfigError, Busy, StorageError):
        # a box that has not run yet, or whose file is wrong or journal another's: its file tells
        return False, {}
    return answer["running"], {one["name"]: one for one in answer["sources"]}


def reported(options: argparse.Namespace) -> dict[str, Json]:
    """Watch the source that is meant, and return what is to be said of it; raises ConfigError."""
    settings = load(places.config_path(options))
    source = _source(settings, options.name)
    with progress(f"listening to {source.name}") as told:
        watched = asyncio.run(
            watch(settings, source, options.seconds, lambda passed: told(int(passed), int(options.seconds)))
        )
    return report(source, watched)


def report(source: SourceSettings, watched: Watched) -> dict[str, Json]:
    """Return what a watch comes to, for programs and for people."""
    words, after = WORDS[type_of(source)], watched.after
    counts = _more(watched.before["counts"], after["counts"])
    kinds = watched.survey["kinds"]
    signs = any(counts.get(sign) for sign in words.signs) or (words.answers and after.get("listening") is not None)
    arrives = bool(sum(kinds.values()) or signs)
    keys = {"listening": after.get("listening") or "this source", **_keys(source)}
    return {
        "source": source.name,
        "type": type_of(source),
        "what": words.what,
        "running": watched.running,
        "left": words.left,
        "seconds": watched.seconds,
        "arrives": arrives,
        "stands": show_source.standing({**after, "type": type_of(source)}),
        "hears": after.get("hears"),
        "gateways": after.get("gateways", {}),
        "devices": watched.devices,
        "frames": kinds,
        "signal": {name: watched.survey[name] for name in ("rssi_dbm", "snr_db")},
        "data_rates": watched.survey["data_rates"],
        "times": watched.survey["times"],
        "counts": counts,
        "dropped": _dropped(_more(watched.before["dropped"], after["dropped"]), words.dropped),
        "advice": [*after["advice"]],
        "check": [] if arrives else [one.format_map(keys) for one in words.checks],
        "page": f"docs/sources/{words.page}.md",
    }


def _source(settings: Settings, name: str) -> SourceSettings:
    there = {one.name: one for one in settings.sources}
    if name not in there:
        hint = did_you_mean(name, there) or f"; those there are: {', '.join(there) or 'none'}"
        raise ConfigError(f"there is no source {name} in the configuration{hint}")
    return there[name]


def _more(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def _dropped(counts: Mapping[str, int], meanings: Mapping[str, Meaning]) -> list[dict[str, Json]]:
    most_first = sorted(counts.items(), key=lambda one: -one[1])
    return [
        {"reason": reason, "count": count, "words": meaning.words, "deed": meaning.deed}
        for reason, count in most_first
        for meaning in [meanings.get(reason, UNKNOWN)]
    ]


def _keys(source: SourceSettings) -> dict[str, Any]:
    return {one.name: getattr(source, one.name) for one in fields(source)}
