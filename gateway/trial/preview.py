"""What would go out for an uplink, octet by octet, without a platform."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from decoders.contract import DecodeError
from decoders.registry import Registry
from gateway.codecs import Codecs
from gateway.formats import Format
from gateway.model import Answer, Device, Item, Json, Receipt, Request, RowId, Uplink, Verdict
from gateway.normalise import normalise
from gateway.sharing import Share, shared

DATA_ARRAY: Final = "/CreateObservations"  # OGC 18-088, section 12.2: answered row by row
MOST_ROUNDS: Final = 8  # of a conversation that goes on and on with answers that no platform gave
NOTHING_THERE: Final = (
    b'{"value":[]}'  # as OData and so SensorThings say it; what the other formats ask needs no answer
)


@dataclass(frozen=True, slots=True)
class Preview:
    """The requests of one uplink, in order."""

    requests: tuple[Request, ...]
    remarks: tuple[str, ...] = ()  # what could not be said, and what depends on answers


async def item_of(uplink: Uplink, device: Device, registry: Registry, share: Share) -> Item | str:
    """Return what a destination may have of an uplink, or why there is nothing, in words."""
    codecs = Codecs(registry.get)
    (outcome,) = await codecs.decode([(uplink, device)])
    if isinstance(outcome, DecodeError):
        return f"{device.decoder} cannot read it: {outcome}" if device.decoder else f"no decoder reads it: {outcome}"
    normalised = normalise(uplink, device, outcome, codecs.revision(device.decoder))
    if normalised.problems and not normalised.observations:
        return f"nothing of it can be said: {'; '.join(dict.fromkeys(normalised.problems))}"
    whole = Item(
        row=RowId(1),
        uplink=uplink,
        device=device,
        decoded=outcome,
        observations=normalised.observations,
        is_personal=codecs.is_personal(device.decoder),
        may_tell_signal=False,  # that goes out now and then, and not because of this uplink
    )
    return shared(whole, share).item or "the destination may have nothing of it ([destination.share])"


def preview(format_: Format, item: Item, memory: Mapping[str, Json]) -> Preview:
    """Return what ``format_`` says of ``item`` to a platform that takes everything and has had nothing before.

    What an uplink said before may be told by ``memory``, and then there is nothing left to say: it is previewed without.
    """
    told = _conversation(format_, item, memory)
    return told if told.requests or not memory else _conversation(format_, item, {})


def _conversation(format_: Format, item: Item, memory: Mapping[str, Json]) -> Preview:
    conversation = format_.deliver([item], memory)
    said: list[Request] = []
    try:
        requests: Sequence[Request] = next(conversation)
        for _ in range(MOST_ROUNDS):
            said += requests
            requests = conversation.send([taken(request) for request in requests])
    except StopIteration as end:
        return Preview(tuple(said), tuple(_remarks(end.value, said)))
    finally:
        conversation.close()
    return Preview(tuple(said), ("what follows depends on what the platform answers",))


def taken(request: Request) -> Answer:
    """Return what a platform says that takes everything and has had nothing before."""
    if request.method == "GET":
        return Answer(verdict=Verdict.TAKEN, status=200, body=NOTHING_THERE)
    body = _links(request) if request.target.endswith(DATA_ARRAY) else b""
    status = 201 if body else 204
    return Answer(verdict=Verdict.TAKEN, status=status, body=body, headers={"Location": f"{request.target}(1)"})


def _links(request: Request) -> bytes:
    """Return a link for each row of a DataArray."""
    rows = sum(len(group["dataArray"]) for group in json.loads(request.body))
    return json.dumps(["Observations(1)"] * rows).encode()


def _remarks(receipt: Receipt, said: Sequence[Request]) -> list[str]:
    unsaid = [f"{name} cannot be said in this format" for name in receipt.inexpressible]
    why = [*receipt.refused.values()]
    if said and receipt.undecided:
        why.append("what follows depends on what the platform answers")
    return [*unsaid, *why, *receipt.warnings]
