"""Two stand-ins for formats: one that tells each uplink under its id, one that sets the latest value of a thing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.formats import Conversation
from gateway.model import Answer, Bounds, Instant, Item, Json, Receipt, Request, RowId, TimeQuality, Verdict

NEWEST: Final = "newest"  # the greatest row that was accepted, in the format's memory: it must go with the cursor


class Events:
    """Tell a batch side by side, each uplink under its id."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Hold the conversation."""
        answers = yield [request_of(item) for item in batch]
        return receipt_of(list(zip(batch, answers, strict=True)), memory)


class Latest:
    """Set values one after the other, and stop where one was not decided: a later one must not be overtaken."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Hold the conversation."""
        decided: list[tuple[Item, Answer]] = []
        for item in batch:
            (answer,) = yield [request_of(item)]
            decided.append((item, answer))
            if answer.verdict in {Verdict.LATER, Verdict.UNCLEAR}:
                break
        return receipt_of(decided, memory)


def request_of(item: Item) -> Request:
    """Return what tells an uplink."""
    (observation,) = item.observations
    body = {
        "id": str(item.uplink.id),
        "dev_eui": item.uplink.dev_eui,
        "serial": observation.value,
        "at": observation.observed_at.isoformat(),
        "bounds": _bounds(item.uplink.heard_at),
    }
    return Request(target="/uplinks", body=json.dumps(body).encode(), content_type="application/json")


def _bounds(heard_at: Instant) -> Json:
    """Return what is known of a time that nobody knows; None where it is known."""
    if heard_at.quality is not TimeQuality.UNKNOWN:
        return None
    bounds = heard_at.bounds or Bounds()
    return [at and at.isoformat() for at in (bounds.not_before, bounds.not_after)]


def receipt_of(answered: Sequence[tuple[Item, Answer]], memory: Mapping[str, Json]) -> Receipt:
    """Return what the answers mean; rows that were not told are left out."""
    accepted, refused, undecided = set[RowId](), dict[RowId, str](), dict[RowId, str]()
    for item, answer in answered:
        match answer.verdict:
            case Verdict.TAKEN:
                accepted.add(item.row)
            case Verdict.REFUSED:
                refused[item.row] = answer.detail
            case _:
                undecided[item.row] = answer.detail
    waits = [answer.retry_after for _, answer in answered if answer.retry_after is not None]
    return Receipt(
        accepted=frozenset(accepted),
        refused=refused,
        undecided=undecided,
        retry_after=max(waits, default=None),
        memory={NEWEST: max(*accepted, memory.get(NEWEST, 0))} if accepted else {},
    )
