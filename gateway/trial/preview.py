"""What would go out for an uplink, octet by octet, without a platform."""

from __future__ import annotations

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

MOST_ROUNDS: Final = 8  # of a conversation that goes on and on with answers that no platform gave
TAKEN: Final = Answer(verdict=Verdict.TAKEN, status=204, detail="as in a preview: nobody was asked")


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
        return f"{device.decoder or 'no decoder'} cannot read it: {outcome}"
    normalised = normalise(uplink, device, outcome, codecs.revision(device.decoder))
    if normalised.problems and not normalised.observations:
        return f"nothing of it can be said: {'; '.join(dict.fromkeys(normalised.problems))}"
    whole = Item(row=RowId(1), uplink=uplink, device=device, decoded=outcome, observations=normalised.observations)
    return shared(whole, share).item or "the destination may have nothing of it ([destination.share])"


def preview(format_: Format, item: Item, memory: Mapping[str, Json]) -> Preview:
    """Return what ``format_`` says of ``item`` to a platform that takes everything and tells nothing.

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
            requests = conversation.send([TAKEN] * len(requests))
    except StopIteration as end:
        return Preview(tuple(said), tuple(_remarks(end.value, said)))
    finally:
        conversation.close()
    return Preview(tuple(said), ("what follows depends on what the platform answers",))


def _remarks(receipt: Receipt, said: Sequence[Request]) -> list[str]:
    unsaid = [f"{name} cannot be said in this format" for name in receipt.inexpressible]
    why = [*receipt.refused.values()]
    if said and receipt.undecided:
        why.append("what follows depends on what the platform answers")
    return [*unsaid, *why, *receipt.warnings]
