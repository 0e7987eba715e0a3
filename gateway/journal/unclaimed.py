"""Frames of nobody: raw frames with how they were heard, in a ring, until a device claims them.

They are kept in groups and without a promise: a city's air is full of other people's frames, and a flash card is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cbor2

from gateway.journal.database import Database, Insert, Statement, Step
from gateway.journal.records import QUALITIES, microseconds, moment, pack_reception, unpack_reception
from gateway.journal.values import Unclaimed
from gateway.journal.words import Words
from gateway.model import Frame, Instant

FORMAT = 1


def stored(first: int, frames: Sequence[Frame], words: Words, kept: int) -> tuple[Step, ...]:
    """Return what stores ``frames`` from id ``first`` on, and lets go of all but the newest ``kept``."""
    rows = [(first + place, _encode(frame, words)) for place, frame in enumerate(frames)]
    newest = first + len(frames) - 1
    return Insert("INSERT INTO unclaimed", rows), Statement("DELETE FROM unclaimed WHERE id <= ?", (newest - kept,))


def taken(ids: Sequence[int]) -> tuple[Step, ...]:
    """Return what forgets the frames that were claimed."""
    return tuple(Statement("DELETE FROM unclaimed WHERE id = ?", (number,)) for number in ids)


async def load(database: Database, words: Words) -> list[Unclaimed]:
    """Return the ring, the oldest first."""
    return [
        Unclaimed(number, decode(record, words))
        for number, record in await database.fetch("SELECT id, record FROM unclaimed ORDER BY id")
    ]


async def last_id(database: Database) -> int:
    """Return the id of the newest frame, 0 for none."""
    ((greatest,),) = await database.fetch("SELECT max(id) FROM unclaimed")
    return greatest or 0


def _encode(frame: Frame, words: Words) -> bytes:
    return cbor2.dumps((FORMAT, *pack_frame(frame, words)))


def decode(record: bytes, words: Words) -> Frame:
    """Return the frame that was stored; what is none raises one of `salvage.content.UNREADABLE`."""
    _, *packed = cbor2.loads(record)
    return unpack_frame(packed, words)


def pack_frame(frame: Frame, words: Words) -> list[Any]:
    """Return a frame as a record holds it; new texts in it are numbered by ``words``."""
    at = frame.heard_at
    receptions = [pack_reception(reception, words) for reception in frame.receptions]
    return [
        frame.phy_payload, words.number(at.boot_id), at.monotonic, microseconds(at.utc), int(at.quality), receptions
    ]  # fmt: skip


def unpack_frame(packed: Sequence[Any], words: Words) -> Frame:
    """Return what pack_frame() was given; what is none raises one of `salvage.content.UNREADABLE`."""
    phy_payload, boot, monotonic, utc, quality, receptions = packed
    heard_at = Instant(moment(utc), monotonic, words.text(boot), QUALITIES[quality])
    return Frame(phy_payload, tuple(unpack_reception(packed, words) for packed in receptions), heard_at)
