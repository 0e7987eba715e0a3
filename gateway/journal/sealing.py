"""Keys of an older version, which stood in clear, are sealed when the database is opened."""

from __future__ import annotations

from gateway.journal import devices, sessions
from gateway.journal.database import Database, Transaction
from gateway.journal.vault import Vault

ALL_PAGES = 0x7FFF_FFFF  # no quota: what is sealed takes little more room than what was clear


async def seal_all(database: Database, vault: Vault) -> None:
    """Seal what is in clear, and wipe what lay there; does nothing where all is sealed. Raises StorageError."""
    steps = [*await devices.unsealed(database, vault), *await sessions.unsealed(database, vault)]
    if steps:
        await database.wiping(Transaction(steps, ALL_PAGES))
