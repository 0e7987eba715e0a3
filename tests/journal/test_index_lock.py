"""SQLite's own lock on the log's index: without it another process would take our journal for one that nobody has open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.journal import Changes, Journal
from tests.journal.samples import clock, uplink

OPEN_BYTE = 128  # UNIX_SHM_DMS of SQLite's os_unix.c: shared by every process that has the database open


def has_lock(index: Path) -> bool:
    """Tell whether this process holds the lock by which others see that the database is open (proc(5), locks)."""
    inode = index.stat().st_ino
    held = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return any(
        int(words[4]) == os.getpid() and int(words[5].split(":")[-1]) == inode and int(words[6]) <= OPEN_BYTE
        for words in held
        if words[1] == "POSIX" and words[7] != "EOF" and int(words[6]) <= OPEN_BYTE <= int(words[7])
    )


@pytest.mark.on_file
async def test_a_journal_that_is_open_is_seen_to_be(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=["city"])
    try:
        await journal.commit(Changes(uplinks=(uplink(1),)))

        assert has_lock(path.with_name(f"{path.name}-shm"))
    finally:
        await journal.close()


@pytest.mark.on_file
async def test_it_is_seen_to_be_after_a_connection_was_opened_anew(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=["city"])
    try:
        await journal.commit(Changes(uplinks=(uplink(1),)))
        journal._store.database._writing.doubt()
        await journal.commit(Changes(uplinks=(uplink(2),)))

        assert has_lock(path.with_name(f"{path.name}-shm"))
    finally:
        await journal.close()
