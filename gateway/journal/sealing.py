"""Keys of an older version, which stood in clear, are sealed when the database is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.errors import ConfigError
from gateway.journal import devices, sessions
from gateway.journal.database import Database, Transaction
from gateway.journal.vault import Vault

ALL_PAGES = 0x7FFF_FFFF  # no quota: what is sealed takes little more room than what was clear


async def vault(database: Database, key_file: Path) -> Vault:
    """Return the vault whose key is in ``key_file``, which is made for a journal that has no device yet.

    Raises ConfigError where the file is gone, but keys are sealed with it: another one would open none of them.
    """
    there = await asyncio.to_thread(key_file.exists)
    if not there and await devices.has_sealed(database):
        raise ConfigError(
            f"{key_file}: the key file is gone, and the device keys in {database.path} are sealed with it: put it back (it is in a "
            "backup made with --with-keys); without it the devices must be added again, to a new journal"
        )
    return Vault.at(key_file)


async def seal_all(database: Database, vault: Vault) -> None:
    """Seal what is in clear, and wipe what lay there; does nothing where all is sealed. Raises StorageError."""
    steps = [*await devices.unsealed(database, vault), *await sessions.unsealed(database, vault)]
    if steps:
        await database.wiping(Transaction(steps, ALL_PAGES))
