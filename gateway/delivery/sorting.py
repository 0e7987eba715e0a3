"""What becomes of the rows of one turn before a platform hears of them: told, not told, held, or waiting for the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from decoders.contract import Decoded, DecodeError
from gateway.codecs import Codecs
from gateway.dating import Boots, Dated, Undatable, Waiting, date
from gateway.delivery.destination import Destination, FindDevice
from gateway.journal import HeldKind, Hold, Row
from gateway.model import Clock, Device, Item, RowId, TimeQuality, Uplink
from gateway.normalise import normalise
from gateway.sharing import shared

LONGEST_REASON: Final = 500  # characters that a dead letter keeps of why
NOT_REGISTERED: Final = "its device is not registered: nobody can say what it measures"
Wanted = tuple[RowId, Uplink, Device]


@dataclass(slots=True)
class Batch:
    """The rows of one turn of the loop, sorted by what becomes of them."""

    items: list[Item] = field(default_factory=list)
    skipped: set[RowId] = field(default_factory=set)
    not_shared: set[RowId] = field(default_factory=set)
    held: dict[RowId, Hold] = field(default_factory=dict)
    waiting: set[RowId] = field(default_factory=set)  # for the clock
    told: dict[tuple[str, str], list[RowId]] = field(
        default_factory=dict
    )  # for the first time, by decoder and revision
    problems: Counter[str] = field(default_factory=Counter)  # in words; they hold up nothing

    def hold(self, row: RowId, reason: str, kind: HeldKind = HeldKind.UNDECODED, decoder: str = "") -> None:
        """Set a row aside."""
        self.held[row] = Hold(kind=kind, reason=reason[:LONGEST_REASON], decoder=decoder)


class Sorter:
    """Sort rows for a destination, by its devices, the clock and the decoders."""

    def __init__(
        self, *, codecs: Codecs, find: FindDevice, clock: Clock, trust: TimeQuality, boots: Callable[[], Boots]
    ) -> None:
        self._codecs = codecs
        self._find = find
        self._clock = clock
        self._trust = trust
        self._boots = boots

    async def sort(self, rows: Sequence[Row], destination: Destination) -> Batch:
        """Return ``rows`` sorted; each is in exactly one place."""
        batch = Batch()
        wanted = [one for row in rows if (one := self._wanted(row, destination, batch)) is not None]
        again = {row.id for row in rows if row.is_again}
        outcomes = await self._codecs.decode([(uplink, device) for _, uplink, device in wanted])
        for one, outcome in zip(wanted, outcomes, strict=True):
            if isinstance(outcome, DecodeError):
                batch.hold(one[0], str(outcome), decoder=self._codecs.revision(one[2].decoder))
            else:
                self._sort_decoded(one, outcome, destination, batch, is_again=one[0] in again)
        return batch

    def is_for(self, row: Row, destination: Destination) -> bool:
        """Tell whether ``destination`` would be told ``row``, or would have it as a dead letter: all but what it does not select."""
        device = self._find(row.uplink.dev_eui)
        return device is None or destination.selects(device)

    def _wanted(self, row: Row, destination: Destination, batch: Batch) -> Wanted | None:
        device = self._find(row.uplink.dev_eui)
        if device is None:
            batch.hold(row.id, NOT_REGISTERED)
        elif not destination.selects(device):
            batch.skipped.add(row.id)
        elif destination.strict and batch.waiting:
            batch.waiting.add(row.id)  # it has a time, and would overtake one that gets its own in a moment
        elif (dated := self._dated(row, destination, batch)) is not None:
            return row.id, dated, device
        return None

    def _sort_decoded(
        self, one: Wanted, outcome: Decoded, destination: Destination, batch: Batch, *, is_again: bool
    ) -> None:
        row_id, uplink, device = one
        revision = self._codecs.revision(device.decoder)
        normalised = normalise(uplink, device, outcome, revision)
        if normalised.problems and not normalised.observations:
            reason = f"nothing of it can be said: {'; '.join(dict.fromkeys(normalised.problems))}"
            batch.hold(row_id, reason, decoder=revision)
            return
        batch.problems.update(normalised.problems)
        whole = Item(
            row=row_id,
            uplink=uplink,
            device=device,
            decoded=outcome,
            observations=normalised.observations,
            age=max(self._clock().utc - uplink.heard_at.utc, timedelta()),
            is_personal=self._codecs.is_personal(device.decoder),
        )
        found = shared(whole, destination.share)
        batch.problems.update(found.withheld)
        if found.item is None:
            batch.not_shared.add(row_id)
            return
        if not is_again:
            batch.told.setdefault((device.decoder, revision), []).append(row_id)
        batch.items.append(found.item)

    def _dated(self, row: Row, destination: Destination, batch: Batch) -> Uplink | None:
        """Return the uplink with a time that may be told there; else sort its row (design, law 5)."""
        match date(row.uplink, self._boots(), self._trust, self._clock().boot_id):
            case Dated(uplink):
                return uplink
            case Undatable(uplink) if destination.uncertain_time:
                return uplink
            case Undatable() as undatable:
                batch.hold(row.id, undatable.words, HeldKind.UNDATED)
            case Waiting():
                batch.waiting.add(row.id)
        return None
