"""Keys of an older version, which stood in clear, are sealed when the database is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.errors import ConfigError
from gateway.journal import devices, sessions
from gateway.journal.database import Database, Transaction
from gateway.journal.opening import marked
from gateway.journal.registrations import decode
from gateway.journal.vault import ANOTHER_KEY, Vault

TRIED = 20  # records: a disk may have damaged some
ALL_PAGES = 0x7FFF_FFFF  # no quota: what is sealed takes little more room than what was clear


async def vault(database: Database, key_file: Path) -> Vault:
    """Return the vault whose key is in ``key_file``, which is made for a journal that has no sealed keys yet.

    Raises ConfigError where the file is gone or is another one: no key would open.
    """
    records = await devices.sealed(database)
    if records and not await asyncio.to_thread(key_file.exists):
        raise ConfigError(
            f"{key_file}: the key file is gone, and the device keys in {database.path} are sealed with it: put it back (it is in a "
            "backup made with --with-keys); without it the devices must be added again, to a new journal"
        )
    made = Vault.at(key_file)
    if records and not any(_opens(made, *record) for record in records[:TRIED]):
        raise ConfigError(f"{key_file}: {ANOTHER_KEY}")
    return made


def _opens(vault: Vault, eui: int, record: bytes) -> bool:
    try:
        decode(eui, record, vault)
    except ConfigError:
        return False
    return True


async def seal_all(database: Database, vault: Vault) -> None:
    """Seal what is in clear, and wipe what lay there; does nothing where all is sealed. Raises StorageError."""
    steps = [*await devices.unsealed(database, vault), *await sessions.unsealed(database, vault)]
    if steps:
        # Marked as closed in order meanwhile: for a moment there is no log, and a kill then would look like the loss of one.
        await database.wiping(Transaction([*steps, marked(is_open=False)], ALL_PAGES))
        await database.apply(Transaction([marked(is_open=True)], ALL_PAGES))
