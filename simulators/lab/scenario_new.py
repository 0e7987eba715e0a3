"""A scenario to begin with: every key with what it means, made from the keys themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic.fields import FieldInfo

from gateway.config.values import Shown
from simulators.lab.scenario_keys import LISTS, SINGLE

# What stands in a new file; all other keys stand there as comments.
BEGUN: Final[Mapping[str, Mapping[str, str]]] = {
    "scenario": {"name": '"{name}"', "begins": "2026-01-15T00:00:00+01:00", "lasts": '"2 h"'},
    "gateway": {"name": '"town hall"', "where": "[59.2722, 15.2140]"},
    "fleet": {
        "name": '"climate"',
        "models": '["milesight/em300-th"]',
        "count": "20",
        "every": '"15 min"',
        "where": "[59.2722, 15.2140]",
    },
    "platform": {"name": '"orebro"', "kind": '"ngsi_ld"'},
    "fault": {"what": '"backhaul out"', "at": '"01:00"', "lasts": '"20 min"'},
    "promise": {"lost": "0", "delivered_within": '"1 h"'},
}
ORDER: Final = ("scenario", "gateway", "fleet", "platform", "fault", "promise", "radio", "relay", "move", "neighbour")
EXAMPLES: Final = {
    "every": '"15 min"',
    "at": '"08:00"',
    "until": '"09:00"',
    "lasts": '"10 min"',
    "spread": '"1 min"',
    "where": "[59.28, 15.22]",
}


def written(name: str) -> str:
    """Return a scenario's file that runs as it stands."""
    return "\n".join(line for kind in ORDER for line in _section(kind, name))


def _section(kind: str, name: str) -> Iterator[str]:
    keys = {**SINGLE, **LISTS}[kind]
    begun = BEGUN.get(kind, {})
    off = "" if begun else "# "
    yield f"# {keys.__doc__}"
    yield off + (f"[{kind}]" if kind in SINGLE else f"[[{kind}]]")
    for key, info in keys.model_fields.items():
        if key in begun:
            yield f"{key} = {begun[key].format(name=name)}  # {info.description}"
        else:
            yield f"# {key} = {_default(key, info)}  # {info.description}"
    yield ""


def _default(key: str, info: FieldInfo) -> str:
    value: Any = None if info.is_required() else info.default
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            return f'"{value.total_seconds():g} s"'
        case str():
            return f'"{value}"'
        case int() | float():
            return f"{value:g}"
        case list():
            return "[" + ", ".join(f'"{one}"' for one in value) + "]"
        case _:
            return EXAMPLES.get(key) or f"({_shown(info)})"


def _shown(info: FieldInfo) -> str:
    return next((one.text for one in info.metadata if isinstance(one, Shown)), "")
