"""One conversation with diwise's iot-agent: waves of packs, and the receipt.

A pack goes when no older one of the same device and object waits before it, for what stands behind iot-agent (the
context-broker) keeps what came last. Each answer decides its pack alone, and a row is what all its packs are.

A 500 says anything: "device not found" for ever, or a broker that is away for a minute (api.go of diwise/iot-agent:
everything but a malformed pack). So it is counted under "tries/<row>" and refused after so many. It counts where others
were taken in the same conversation; where nobody was, for the first device alone, so that an outage costs no backlog.
What was taken of a row that waits stands under "told/<row>": its packs do not go twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from gateway.formats import Conversation
from gateway.formats.diwise.packs import Pack, Said, said
from gateway.formats.naming import UnknownDevice
from gateway.model import Answer, Item, Json, Receipt, Request, RowId, Verdict

SIDE_BY_SIDE: Final = 16  # requests between two looks at whether the platform still takes any
NOTHING_SAID: Final = "an uplink held nothing that diwise has a place for: nothing was sent of it"
LATE_SKIPPED: Final = "late: an older value was left out, for a newer one is already there"
GIVEN_UP: Final = (
    "{words}, {tries} times: diwise says so of a device that it does not know, too; is {device!r} its id there?"
)

Late = Literal["refuse", "send", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How requests are made and how long one tries."""

    target: str
    ids: Mapping[str, str]
    tenant: str
    late: Late
    tries: int


@dataclass(slots=True)
class Row:
    """A row on its way."""

    item: Item
    said: Said
    waiting: list[Pack]
    told: list[str]  # digests of the packs that were taken
    refused: list[str] = field(default_factory=list)
    undecided: str = ""
    stumbled: str = ""  # the device that a 500 was about
    skipped: int = 0


class Delivery:
    """The state of one conversation."""

    def __init__(self, batch: Sequence[Item], memory: Mapping[str, Json], way: Way) -> None:
        self._way = way
        self._memory = memory
        self._newest: dict[str, int] = {}
        self._rows = [self._row(item) for item in batch]
        self._stopped = ""
        self._taken = 0
        self._retry_after: timedelta | None = None

    def talk(self) -> Conversation:
        """Yield waves until everything is said or the platform takes no more; return the receipt."""
        while not self._stopped and (turn := list(self._wave())[:SIDE_BY_SIDE]):
            answers = yield [self._request(row, pack) for row, pack in turn]
            before = self._taken
            for (row, pack), answer in zip(turn, answers, strict=True):
                row.waiting.remove(pack)
                self._hear(row, pack, answer)
            if self._taken == before and all(row.stumbled for row, _ in turn):
                self._stopped = turn[0][0].undecided
        return self._receipt()

    def _row(self, item: Item) -> Row:
        found = said(item, self._way.ids, self._way.tenant)
        told = list(self._memory.get(f"told/{item.row}") or ())
        row = Row(item, found, [pack for pack in found.packs if pack.digest not in told], told)
        if found.is_unknown:
            row.refused.append(str(UnknownDevice(item.device)))
        return row

    def _wave(self) -> Iterator[tuple[Row, Pack]]:
        busy: set[str] = set()
        for row in self._rows:
            for pack in [*row.waiting]:
                if not row.undecided and pack.subject not in busy and not self._is_late(row, pack):
                    yield row, pack
                if pack in row.waiting:
                    busy.add(pack.subject)
            if row.undecided:  # what it said already may be about to be said again
                busy |= {pack.subject for pack in row.said.packs}

    def _is_late(self, row: Row, pack: Pack) -> bool:
        """Take a late pack out; return whether it was one."""
        newest = self._known(pack.subject)
        if self._way.late == "send" or newest is None or newest <= pack.at:
            return False
        row.waiting.remove(pack)
        if self._way.late == "skip":
            row.skipped += 1
        else:
            there = datetime.fromtimestamp(newest, UTC).isoformat().replace("+00:00", "Z")
            row.refused.append(f"late: a newer value ({there}) is already at {pack.subject}")
        return True

    def _known(self, subject: str) -> int | None:
        found = self._newest.get(subject, self._memory.get(f"newest/{subject}"))
        return found if isinstance(found, int) else None

    def _request(self, row: Row, pack: Pack) -> Request:
        headers = {"uplink": str(row.item.uplink.id)}
        return Request(target=self._way.target, body=pack.body, content_type="application/json", headers=headers)

    def _hear(self, row: Row, pack: Pack, answer: Answer) -> None:
        if answer.retry_after is not None:
            self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
        words = answer.detail or f"{answer.verdict}: status {answer.status}"
        match answer.verdict:
            case Verdict.TAKEN:
                self._taken += 1
                row.told.append(pack.digest)
                self._newest[pack.subject] = max(pack.at, self._known(pack.subject) or 0)
            case Verdict.REFUSED:
                row.refused.append(f"{pack.subject}: {words}")
            case Verdict.LATER if answer.status == 500:
                row.undecided, row.stumbled = words, pack.device
            case _:
                row.undecided = self._stopped = words

    # ── the receipt ──

    def _receipt(self) -> Receipt:
        memory: dict[str, Json] = {f"newest/{subject}": at for subject, at in self._newest.items()}
        given_up = self._given_up(memory)
        undecided = {
            row.item.row: why for row in self._rows if (why := self._open(row)) and row.item.row not in given_up
        }
        refused = {row.item.row: "; ".join(row.refused) for row in self._rows if row.refused}
        refused |= given_up
        refused = {row: why for row, why in refused.items() if row not in undecided}
        settled = [row for row in self._rows if row.item.row not in undecided]
        for row in self._rows:
            memory |= self._remembered(row, is_open=row.item.row in undecided)
        return Receipt(
            accepted=frozenset(row.item.row for row in settled if row.item.row not in refused),
            refused=refused,
            undecided=undecided,
            warnings=(NOTHING_SAID,) * sum(not (row.said.packs or row.refused) for row in settled)
            + (LATE_SKIPPED,) * sum(row.skipped for row in settled),
            inexpressible=_added(row.said.inexpressible for row in settled),
            retry_after=self._retry_after,
            memory=memory,
        )

    def _open(self, row: Row) -> str:
        return row.undecided or (self._stopped or "an older one waits" if row.waiting else "")

    def _given_up(self, memory: dict[str, Json]) -> Mapping[RowId, str]:
        """Count the 500s, and return the rows that had their last one with the reason."""
        stumbled = [row for row in self._rows if row.stumbled]
        if not self._taken:
            stumbled = [row for row in stumbled if row.stumbled == stumbled[0].stumbled]
        given_up = {}
        for row in stumbled:
            place = f"tries/{row.item.row}"
            memory[place] = tries = int(self._memory.get(place) or 0) + 1
            if tries >= self._way.tries:
                words = GIVEN_UP.format(words=row.undecided, tries=tries, device=row.stumbled)
                given_up[row.item.row] = "; ".join([*row.refused, words])
        return given_up

    def _remembered(self, row: Row, *, is_open: bool) -> Mapping[str, Json]:
        """Return what to know of a row when it is told again, and forget it of one that is settled."""
        told, tries = f"told/{row.item.row}", f"tries/{row.item.row}"
        if not is_open:
            return {
                place: None for place in (told, tries) if place in self._memory or (place == tries and row.stumbled)
            }
        return {told: row.told} if row.told else {}


def _added(counts: Iterator[Mapping[str, int]] | Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    whole: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            whole[name] = whole.get(name, 0) + number
    return whole
