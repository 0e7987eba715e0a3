"""What goes out of a row, and the requests that carry it: batch upserts, single merges, instances of history.

    upsert   POST  …/entityOperations/upsert?options=update   many entities; GS CIM 009, 5.6.8
    merge    PATCH …/entities/<id>                            one; on 404 create, on 409 merge again; 5.6.17
    history  POST  …/temporal/entities                        one at one time; 5.6.11

Merging is for brokers without batches. diwise's is one (its `handlers.go`), and its own services speak to it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Literal
from urllib.parse import quote

from gateway.formats.ngsi_ld.entities import Instance, head
from gateway.model import Answer, Request, RowId

UPSERT: Final = "/entityOperations/upsert?options=update"  # without the option a broker replaces the entity
SIDE_BY_SIDE: Final = 16  # requests between two looks at whether the broker still takes any

Late = Literal["refuse", "send", "skip", "temporal"]


class Stage(Enum):
    """What a request asks the broker to do."""

    UPSERT = "upsert"
    MERGE = "merge"
    CREATE = "create"
    MERGE_AGAIN = "merge again"
    HISTORY = "history"


@dataclass(slots=True)
class Row:
    """A row on its way."""

    id: RowId
    steps: list[list[Instance]]  # the instances of one time each, oldest first
    entities: frozenset[str]
    place: str  # in the memory
    first: str  # observation's id
    step_ms: int = 0  # the time of the step that was begun last
    told_ms: int | None = None  # of the last step that was taken as a whole
    open: int = 0  # entities that are sent and not judged
    taken: list[Instance] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    undecided: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to say or to hear."""
        return not (self.steps or self.open or self.undecided)


@dataclass(frozen=True, slots=True)
class Part:
    """An entity as it is sent: its JSON members without id and type."""

    row: Row
    instance: Instance
    members: bytes
    is_history: bool = False

    @property
    def text(self) -> bytes:
        """Return the whole entity."""
        return b"{%b,%b}" % (head(self.instance), self.members)


@dataclass(frozen=True, slots=True)
class Letter:
    """What one request carries."""

    stage: Stage
    parts: tuple[Part, ...]

    @property
    def ids(self) -> Sequence[str]:
        """Return the entities' ids."""
        return [part.instance.id for part in self.parts]

    def halves(self) -> tuple[Letter, Letter]:
        """Return the two halves of a batch."""
        middle = len(self.parts) // 2
        return replace(self, parts=self.parts[:middle]), replace(self, parts=self.parts[middle:])

    def following(self, answer: Answer) -> Letter | None:
        """Return what is asked after ``answer`` in its place; None when the answer is about this."""
        match self.stage, answer.status:
            case Stage.MERGE, 404:
                return replace(self, stage=Stage.CREATE)
            case Stage.CREATE, 409:
                return replace(self, stage=Stage.MERGE_AGAIN)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How requests are made."""

    path: str
    headers: Mapping[str, str]
    content_type: str
    most_bytes: int
    most_entities: int
    late: Late
    merges: bool = False

    def letters(self, parts: Sequence[Part]) -> Iterator[Letter]:
        """Yield ``parts`` in requests of bounded size; a part that is too large alone goes alone."""
        live = [part for part in parts if not part.is_history]
        if self.merges:
            yield from (Letter(Stage.MERGE, (part,)) for part in live)
        else:
            yield from (Letter(Stage.UPSERT, tuple(batch)) for batch in self._packed(live))
        yield from (Letter(Stage.HISTORY, (part,)) for part in parts if part.is_history)

    def request(self, letter: Letter) -> Request:
        """Return the request that ``letter`` is."""
        first = letter.parts[0]
        match letter.stage:
            case Stage.UPSERT:
                return self._asked("POST", UPSERT, b"[%b]" % b",".join(part.text for part in letter.parts))
            case Stage.MERGE | Stage.MERGE_AGAIN:
                target = f"/entities/{quote(first.instance.id, safe=':')}"
                return self._asked("PATCH", target, b"{%b}" % first.members)
            case Stage.CREATE:
                return self._asked("POST", "/entities", first.text)
            case Stage.HISTORY:
                return self._asked("POST", "/temporal/entities", first.text)

    def _asked(self, method: str, target: str, body: bytes) -> Request:
        return Request(
            target=self.path + target, body=body, content_type=self.content_type, method=method, headers=self.headers
        )

    def _packed(self, parts: Sequence[Part]) -> Iterator[list[Part]]:
        batch: list[Part] = []
        size = 2
        for part in parts:
            octets = len(part.text) + 1
            if batch and (len(batch) == self.most_entities or size + octets > self.most_bytes):
                yield batch
                batch, size = [], 2
            batch.append(part)
            size += octets
        if batch:
            yield batch
