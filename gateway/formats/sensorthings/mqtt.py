"""OGC SensorThings over MQTT as a format: one Observation a message (OGC 15-078r6, section 14.2).

Nothing comes back but the broker's PUBACK: entities can be neither found nor made, and a server that drops an observation
says so to nobody. So the Datastreams are named in the configuration, and HTTP is to be preferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Final

from gateway.formats import Conversation
from gateway.formats.judging import NOBODY_LISTENS, NOBODY_SUBSCRIBES, NOTHING_SAID
from gateway.formats.sensorthings.conversation import UNKNOWN_DEVICE, is_unknown, stream_key, unsayable
from gateway.formats.sensorthings.entities import feature
from gateway.formats.sensorthings.format import streams_by_name
from gateway.formats.sensorthings.observations import single
from gateway.formats.sensorthings.refs import Ref
from gateway.formats.sensorthings.rows import Row, State, Told, row
from gateway.model import Answer, Item, Json, Receipt, Request, Verdict

JSON: Final = "application/json"


class SensorThingsMqtt:
    """OGC SensorThings 1.1 over MQTT: observations to Datastreams whose ids are known."""

    def __init__(
        self,
        *,
        topic: str = "v1.1/Datastreams({datastream})/Observations",
        datastreams: Mapping[str, Json] | None = None,
    ) -> None:
        """Take the ids by "<DevEUI>/<quantity>" or "<DevEUI>/<quantity>/<channel>"; ValueError says what is wrong."""
        try:
            fields = {name for _, name, _, _ in Formatter().parse(topic) if name is not None}
        except ValueError as error:
            raise ValueError(f"topic: {topic!r}: {error}") from error
        if fields != {"datastream"}:
            raise ValueError(f"topic: {topic!r} names its Datastream as {{datastream}}, and nothing else")
        if set(topic) & set("+#\x00"):
            raise ValueError(f"topic: {topic!r} holds a wildcard; a message goes to one topic")
        self._topic = topic
        self._streams = streams_by_name(datastreams or {})

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Publish all side by side; of a row that comes again, what the broker took is not repeated."""
        rows = [row(item, tries=0, doubtful=False, placed=False) for item in batch]
        told = [one for each in rows for one in each.told if self._is_due(one, memory)]
        answers = (yield [self._request(one) for one in told]) if told else ()
        return _receipt(rows, told, answers, memory)

    def _is_due(self, one: Told, memory: Mapping[str, Json]) -> bool:
        if stream_key(one) not in self._streams:
            one.state = State.UNSAYABLE
        elif str(one.observation.id) in (memory.get(f"part/{one.row.item.row}") or ()):
            one.take()
        return one.state is State.OPEN

    def _request(self, one: Told) -> Request:
        ref: Ref = self._streams[stream_key(one)]
        place = one.observation.place
        # A fixed thing's feature is made from its Location; a moving one's says itself where it was.
        moves = place is not None and place != one.row.item.device.place
        links = {"FeatureOfInterest": feature(one.row.item.device, place).body} if moves else {}
        body = single(one.observation, one.row.item.uplink, **links)
        return Request(target=self._topic.format(datastream=ref), body=body, content_type=JSON)


def _receipt(
    rows: Sequence[Row], told: Sequence[Told], answers: Sequence[Answer], memory: Mapping[str, Json]
) -> Receipt:
    for one, answer in zip(told, answers, strict=True):
        words = answer.detail or f"{answer.verdict}: status {answer.status}"
        match answer.verdict:
            case Verdict.TAKEN:
                one.take()
            case Verdict.REFUSED:
                one.refuse(f"{one.stream.name}: {words}")
            case Verdict.LATER | Verdict.UNCLEAR:
                one.wait(words)
    undecided = {each.item.row: each.undecided for each in rows if each.open}
    refused = {each.item.row: words for each in rows if not each.open and (words := _refusal(each))}
    silent = sum(not each.told for each in rows)
    nobody = sum(answer.status == NOBODY_SUBSCRIBES for answer in answers)
    return Receipt(
        accepted=frozenset(each.item.row for each in rows) - undecided.keys() - refused.keys(),
        refused=refused,
        undecided=undecided,
        warnings=(NOTHING_SAID,) * silent + (NOBODY_LISTENS,) * nobody,
        inexpressible=unsayable(rows),
        retry_after=max((one.retry_after for one in answers if one.retry_after is not None), default=None),
        memory=_parts(rows, memory),
    )


def _refusal(each: Row) -> str:
    if is_unknown(each):
        return UNKNOWN_DEVICE.format(each.item.device.dev_eui)
    return "; ".join(each.refused)


def _parts(rows: Sequence[Row], memory: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return which observations of a row that comes again the broker has taken."""
    parts: dict[str, Json] = {}
    for each in rows:
        taken = [str(one.observation.id) for one in each.told if one.state is State.TAKEN]
        comes_again = each.open or each.refused
        kept = taken if comes_again and taken else None
        if kept != memory.get(f"part/{each.item.row}"):
            parts[f"part/{each.item.row}"] = kept
    return parts
