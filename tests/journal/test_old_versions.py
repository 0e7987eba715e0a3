"""Databases that the code of each version wrote in its time (fixtures/): brought to ours, with all that was put in."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.journal import Journal
from gateway.journal.opening import make_ready
from gateway.journal.schema import SCRIPTS, prepare, scripts
from gateway.model import eui64
from tests.journal.fixtures import story
from tests.journal.fixtures.story import clock, plain

FOLDER = Path(__file__).parent / "fixtures"
OLD = sorted(int(file.stem.removeprefix("journal_v")) for file in FOLDER.glob("journal_v*.db"))
EVERY = sorted({*OLD, len(SCRIPTS)})


async def lay_out(version: int, path: Path) -> dict[str, Any]:
    """Put the journal of a version at ``path``, and return what was put in; that of ours is written now."""
    if version not in OLD:
        return await story.tell(path.parent)
    for suffix, name in ((".db", path.name), (".key", "brygga.key")):
        file = FOLDER / f"journal_v{version}{suffix}"
        if file.exists():
            shutil.copyfile(file, path.with_name(name))
    told: dict[str, Any] = json.loads((FOLDER / f"journal_v{version}.json").read_text("utf-8"))
    return told


async def opened(path: Path, told: dict[str, Any]) -> Journal:
    former = told.get("former", {})
    names = [name for name in told["waiting"] if name not in former]
    return await Journal.open(path, clock=clock, destinations=names, former=former)


async def found(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Return what is in the journal, under the names that it was put in with."""
    journal = await opened(path, told)
    euis = [eui64(eui) for eui in told["dev_nonces"]]
    stats = await journal.stats()
    there = {
        "boots": {
            boot: [spans[-1].utc_at_zero.isoformat(), int(spans[-1].quality)] for boot, spans in journal.boots().items()
        },
        "devices": [plain(one.device) | {"keys": plain(one.root_keys)} for one in await journal.devices()],
        "sessions": sorted([plain(one) for one in await journal.sessions()], key=by_activation),
        "dev_nonces": {eui: sorted(await journal.dev_nonces(eui)) for eui in euis},
        "join_nonces": {eui: await journal.join_nonce(eui64(eui)) for eui in told["join_nonces"]},
        "memory": dict(journal.memory("goteborg")),
        "held": {
            str(one.id): {"kind": one.kind.value, "reason": one.reason, "decoder": one.decoder}
            for one in await journal.held("goteborg")
        },
        "first_row": stats.dropped_rows + 1,
        "segments": stats.segments,
        "waiting": {name: (await journal.depth(name)).waiting for name in journal.destinations()},
        "retried": sum(one.is_again for one in await journal.read("goteborg", 100)),
        "former": dict(journal.former()),
        "downlinks": [plain(one) for one in await journal.downlinks()],
        "events": {story.VALVE: [plain(one) for one in await journal.events(story.VALVE)]},
        "mac_states": {
            one.dev_eui: state.hex() for one in await journal.sessions() if (state := journal.mac_state(one))
        },
        "rejoin_counts": {story.VALVE: await journal.rejoin_count(story.VALVE, story.JOIN_EUI)},
        "unclaimed": [plain(one.frame) for one in await journal.unclaimed()],
        "relayed": [plain(one) for one in await journal.relayed.frames("stadsnätet")],
        "air": plain(await journal.box.air()),
        "states_waiting": {name: journal.command_states.waiting(name) for name in told.get("states_waiting", {})},
    }
    await journal.close()
    return there


async def rows(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Return every row that is kept, those of dropped segments that are held among them."""
    journal = await opened(path, told)
    held = {str(one.id): plain(one.uplink) for one in await journal.held("goteborg")}
    await journal.add_destination("reader", from_start=True)
    kept = {str(row.id): plain(row.uplink) for row in await journal.read("reader", 1000)}
    await journal.remove_destination("reader")
    await journal.close()
    return held | kept


def is_in(wanted: Any, there: Any) -> bool:
    """Tell whether ``there`` has all of ``wanted``: later versions have more fields."""
    match wanted, there:
        case dict(), dict():
            return all(name in there and is_in(value, there[name]) for name, value in wanted.items())
        case list(), list():
            return len(wanted) == len(there) and all(map(is_in, wanted, there))
        case _:
            return bool(wanted == there)


def by_activation(session: dict[str, Any]) -> str:
    return str(session["activation"])


def lacking(told: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """Return what was put in and is not there as it was."""
    told["devices"] = sorted(told["devices"], key=lambda one: str(one["dev_eui"]))
    told["sessions"] = sorted(told["sessions"], key=by_activation)
    return {
        name: (told[name], there.get(name))
        for name in told
        if name != "rows" and not is_in(told[name], there.get(name))
    }


def test_each_version_that_there_was_has_its_database() -> None:
    missing = set(range(1, len(SCRIPTS))) - set(OLD)

    assert not missing, f"write journal_v{min(missing)} with the code that made it: tests/journal/fixtures/README.md"


@pytest.mark.parametrize("version", EVERY)
async def test_a_database_of_each_version_has_all_that_was_put_in_twice(version: int, path: Path) -> None:
    told = await lay_out(version, path)
    kept = {row: one for row, one in told["rows"].items() if int(row) >= told["first_row"] or row in told["held"]}

    once, again = await found(path, told), await found(path, told)
    all_rows, rows_again = await rows(path, told), await rows(path, told)

    assert lacking(told, once) == {}
    assert once == again
    assert is_in(kept, all_rows)
    assert all_rows == rows_again
    assert kept.keys() == all_rows.keys()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(SCRIPTS),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("version", "reached"), [(old, reached) for old in OLD for reached in range(old + 1, len(SCRIPTS))]
)
async def test_a_migration_that_stopped_between_two_steps_goes_on(version: int, reached: int, path: Path) -> None:
    told = await lay_out(version, path)
    prepare(path, scripts()[:reached])

    there = await found(path, told)

    assert lacking(told, there) == {}


@pytest.mark.parametrize("version", [old for old in OLD if old < len(SCRIPTS)])
async def test_a_power_cut_within_a_step_leaves_the_version_before(version: int, path: Path) -> None:
    told = await lay_out(version, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_spill=1")  # pages: the transaction goes to the log before its end
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(scripts()[version]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={version + 1}")
        cut = cut_now(path)
        connection.execute("ROLLBACK")

    there = await found(cut, told)

    assert lacking(told, there) == {}


def test_a_newer_database_is_refused_and_left_as_it_is(path: Path) -> None:
    prepare(path, scripts())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE of_tomorrow (id INTEGER)")
        connection.execute(f"PRAGMA user_version={len(SCRIPTS) + 1}")
    before = path.read_bytes()

    with pytest.raises(ConfigError, match=r"written by a newer Brygga .* install that Brygga again"):
        make_ready(path)

    assert path.read_bytes() == before


def cut_now(path: Path) -> Path:
    """Copy what a power cut at this moment leaves on disk, and return the copy of the journal."""
    cut = path.parent / "cut"
    shutil.copytree(path.parent, cut, ignore=shutil.ignore_patterns("*-shm", "cut"))
    return cut / path.name


def statements(script: str) -> list[str]:
    """Cut a script into its statements."""
    found, statement = list[str](), ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found, statement = [*found, statement], ""
    return found
