"""Whether a codec remembers anything from one payload to the next: if not, one context may serve them all, ten times as fast."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from decoders.contract import DecodeError, Payload
from decoders.metadata import Context

if TYPE_CHECKING:
    from decoders.javascript.decoder import JavaScriptDecoder

LEAST: Final = 3  # different payloads: fewer show nothing
ROUNDS: Final = 4  # orders in which they come


def is_free_of_state(decoder: JavaScriptDecoder, payloads: Sequence[Payload], seed: int = 1) -> bool:
    """Tell whether one context that is kept says of each payload, in any order, what a fresh one says.

    Payloads that are cut short are among them: what an error leaves behind is state, too. Codecs that remember (4 of 1,517 published
    ones) show it so; a codec that draws lots or tells the time does as well, and is taken for one that remembers.
    """
    given = _with_cut_ones(payloads)
    if len(given) < LEAST:
        return False
    fresh = replace(decoder, metadata=replace(decoder.metadata, context=Context.FRESH))
    kept = replace(decoder, metadata=replace(decoder.metadata, context=Context.KEPT))
    expected = {place: _said(fresh, payload) for place, payload in enumerate(given)}
    order = list(expected)
    chance = random.Random(seed)  # noqa: S311 - a repeatable order is meant
    for _ in range(ROUNDS):
        chance.shuffle(order)
        if any(_said(kept, given[place]) != expected[place] for place in order):
            return False
    return True


def _with_cut_ones(payloads: Sequence[Payload]) -> list[Payload]:
    whole = list({(one.data, one.f_port): one for one in payloads}.values())
    return [*whole, *(replace(one, data=one.data[: len(one.data) // 2]) for one in whole if len(one.data) > 1)]


def _said(decoder: JavaScriptDecoder, payload: Payload) -> object:
    try:
        return decoder.native(payload)
    except DecodeError as error:
        return str(error)
