"""Whether a destination is still the one that its memory is of: the same platform, told in the same words.

Another platform (another address, another tenant) has given none of the ids that are remembered, and was told nothing: what is
remembered of the former one is forgotten before anything is said. In other words dead letters are worth another try.
"""

from __future__ import annotations

import logging
from typing import Final

from gateway.delivery.destination import Destination
from gateway.journal import MEMORY_OF, HeldKind, Journal, Settlement, about_rows
from gateway.model import Json

logger = logging.getLogger(__name__)

WORDS: Final = (
    "profile/words"  # in the memory: the digest of how the destination was spoken to when dead letters were tried last
)
PUT_BACK: Final = (HeldKind.REFUSED, HeldKind.UNDATED)  # what other words may change; decoders have their own way back


async def acquaint(destination: Destination, journal: Journal) -> None:
    """Begin the memory anew for another platform, and try dead letters once in other words; StorageError when the disk fails."""
    await _platform(destination, journal)
    await _words(destination, journal)


async def _platform(destination: Destination, journal: Journal) -> None:
    name, memory_of = destination.name, destination.memory_of
    memory = journal.memory(name)
    before = memory.get(MEMORY_OF)
    if not memory_of or before == memory_of:
        return
    stays = memory.keys() if before is None else {WORDS, MEMORY_OF, *about_rows(memory)}
    gone: dict[str, Json | None] = {key: None for key in memory if key not in stays}
    if gone:
        logger.warning("%s is at another platform now: what the former one was told and had given is forgotten", name)
    await journal.settle(name, Settlement(memory={**gone, MEMORY_OF: memory_of}))


async def _words(destination: Destination, journal: Journal) -> None:
    name, words = destination.name, destination.words
    before = journal.memory(name).get(WORDS)
    if not words or before == words:
        return
    if before is not None and (count := sum([await journal.retry(name, kind) for kind in PUT_BACK])):
        logger.warning("%s is told in other words now: %d of its dead letters are tried again", name, count)
    await journal.settle(name, Settlement(memory={WORDS: words}))
