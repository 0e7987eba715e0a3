"""Asking a server for an observation that it was told (OGC 18-088, 9.3): by its Datastream and time."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.formats.sensorthings.conversation import Delivery, Wishes
from gateway.formats.sensorthings.questions import question_about
from gateway.model import Item, Json, Request


def asking(item: Item, memory: Mapping[str, Json], wishes: Wishes) -> Request | None:
    """Return the request for the first observation of ``item`` that has a Datastream; its parameters have the uplink's id."""
    delivery = Delivery([item], memory, wishes, doubts=False)
    told = [one for one in delivery.rows[0].told if delivery.directory.ref(one.stream) is not None]
    return question_about(told[:1], delivery.directory) if told else None
