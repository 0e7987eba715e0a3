"""What an installer would have written: cities' connections, what platforms call devices, destinations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulators.dry_run.doors import ANY_KEY
from simulators.lab.cities import IDS, KEY_FILE, City, connection, destination
from simulators.lab.plan import Town
from simulators.lab.scenario import Scenario


def connect(folder: Path, scenario: Scenario, town: Town, cities: Mapping[str, City]) -> None:
    """Write cities' connections, and what platforms call devices."""
    (folder / "cities").mkdir()
    ids = "dev_eui,id\n" + "".join(f"{one.radio.dev_eui},{one.radio.dev_eui}\n" for one in town.settlers)
    for place in (folder, folder / "cities"):
        (place / IDS).write_text(ids, encoding="utf-8")
    key = folder / KEY_FILE
    key.touch(mode=0o600)
    key.write_text(f"{ANY_KEY}\n", encoding="ascii")
    for one in scenario.platforms:
        if one.city is not None:
            file = folder / "cities" / f"{one.city}.toml"
            file.write_text(connection(one, cities[one.name].url), encoding="utf-8")


def destinations(scenario: Scenario, cities: Mapping[str, City], moved: Mapping[str, str]) -> str:
    """Return the destinations as they are now: none for platforms that services only move to."""
    by_name = {one.name: one for one in scenario.platforms}
    moved_to = {one.to for one in scenario.moves}
    return "".join(
        destination(one, cities[one.name].url, by_name[moved.get(one.name, one.name)].city)
        for one in scenario.platforms
        if one.name not in moved_to
    )
