"""Databases as older versions wrote them: opened, sealed, and all that was in them still there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.journal import HeldKind, Journal
from gateway.model import Key, eui64
from tests.journal.samples import clock

V1 = Path(__file__).parent.parent / "vectors" / "journal" / "v1.db"
TORGET, CELLAR = eui64("a81758fffe051d02"), eui64("a81758fffe051d03")
KEYS_IN_CLEAR = [bytes(range(first, first + 16)) for first in (16, 32, 48, 64, 80)]


@pytest.fixture
def old(path: Path) -> Path:
    shutil.copyfile(V1, path)
    return path


async def test_a_database_of_version_1_keeps_its_rows_devices_and_counters(old: Path) -> None:
    for _ in range(2):
        journal = await Journal.open(old, clock=clock)
        torget, cellar = await journal.devices()
        sessions = {session.dev_eui: session for session in await journal.sessions()}
        rows = [row.uplink.f_cnt for row in await journal.read("goteborg", 10)]
        (held,) = await journal.held("goteborg")
        memory = dict(journal.memory("goteborg"))
        nonces = await journal.dev_nonces(TORGET), await journal.join_nonce(TORGET)
        await journal.close()

        assert (torget.device.name, torget.root_keys.app_key) == ("torget", Key(KEYS_IN_CLEAR[0]))
        assert cellar.session is not None
        assert cellar.session.keys.app_s_key == Key(KEYS_IN_CLEAR[2])
        assert (sessions[TORGET].f_cnt_up, sessions[TORGET].n_f_cnt_down) == (7, 3)
        assert sessions[TORGET].keys.app_s_key == Key(KEYS_IN_CLEAR[4])
        assert rows == [2]
        assert (held.kind, held.reason) == (HeldKind.REFUSED, "409 Conflict")
        assert memory == {"newest": 1}
        assert nonces == (frozenset({17}), 1)


def octets(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()) if file.name.startswith("journal.db"))


async def test_no_key_stays_readable_in_the_files(old: Path) -> None:
    before = octets(old.parent)
    journal = await Journal.open(old, clock=clock)
    during = octets(old.parent)
    await journal.close()
    after = octets(old.parent)

    assert all(key in before for key in KEYS_IN_CLEAR)
    assert not any(key in during for key in KEYS_IN_CLEAR)
    assert not any(key in after for key in KEYS_IN_CLEAR)


async def test_without_its_key_file_a_journal_says_what_is_missing(old: Path) -> None:
    journal = await Journal.open(old, clock=clock)
    await journal.close()
    (old.parent / "brygga.key").unlink()

    with pytest.raises(ConfigError, match=r"the key file is gone, .*: put it back"):
        await Journal.open(old, clock=clock)

    assert not (old.parent / "brygga.key").exists(), "another one would open none of the keys"


async def test_a_kill_after_keys_were_sealed_is_no_loss_of_the_log(old: Path, tmp_path: Path) -> None:
    journal = await Journal.open(old, clock=clock)
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("journal.db", "journal.db-wal", "brygga.key"):
        shutil.copyfile(old.with_name(name), killed / name)
    await journal.close()

    again = await Journal.open(killed / "journal.db", clock=clock)
    alarms = await again.alarms()
    await again.close()

    assert alarms == []
