"""FIWARE NGSIv2 (Orion): batch upserts with Smart Data Models, in the words of the older API.

    POST /v2/op/update   Fiware-Service: sundsvall   Fiware-ServicePath: /
    {"actionType":"append","entities":[
      {"id":"urn:ngsi-ld:WeatherObserved:torget-1","type":"WeatherObserved",
       "temperature":{"type":"Number","value":21.5,"metadata":{"unitCode":{"type":"Text","value":"CEL"},
                                                               "TimeInstant":{"type":"DateTime","value":"2026-03-01T12:00:01.123Z"}}},
       "dateObserved":{"type":"DateTime","value":"2026-03-01T12:00:01.123Z"},"TimeInstant":{…}}]}

Entities, their order, what is late and how a batch is halved are NGSI-LD's (`ngsi_ld/`): Orion compares no times either, and refuses a batch as
a whole for one bad entity. What differs: attributes have types and metadata, ``TimeInstant`` is the time that Cygnus and STH keep history by, and
some characters may stand nowhere in a request.

Sources: fiware-orion c678400b, doc/manuals/orion-api.md; answers of Orion 4.1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from gateway.formats import Conversation
from gateway.formats.device_state import GatewayState, check_interval, with_state
from gateway.formats.naming import timestamp
from gateway.formats.ngsi_ld.conversation import Delivery
from gateway.formats.ngsi_ld.entities import Instance, Naming
from gateway.formats.ngsi_ld.gateway_entity import telling_gateways
from gateway.formats.ngsi_ld.letters import Letter, Way
from gateway.formats.ngsi_ld.reading_back import asking
from gateway.model import Answer, Item, Json, Request

Late = Literal["refuse", "send", "skip"]

SERVICE: Final = re.compile(r"[A-Za-z0-9_]{1,50}")  # Orion answers 400 to "Sunds-vall"
SERVICE_PATH: Final = re.compile(r"/|(?:/[A-Za-z0-9_]{1,50}){1,10}")
FORBIDDEN: Final = re.compile(r"[<>\"'=;()]")  # "General syntax restrictions"; in ids NGSI-LD's quoting leaves none
DIVISORS: Final = re.compile(r"/\(([^()]*)\)")  # of a unit: umol/(m2.s) is umol/m2/s

# What an error is about decides, and Orion's documentation names it; the status of one error differs between versions.
STATUS: Final[Mapping[str, int]] = {
    "BadRequest": 400,
    "InternalServerError": 500,
    "NoResourceAvailable": 413,
    "NotFound": 404,
    "ParseError": 400,
    "PartialUpdate": 422,
    "RequestEntityTooLarge": 413,
    "TooManyResults": 409,
    "Unprocessable": 422,
    "UnsupportedMediaType": 415,
}


class NgsiV2:
    """FIWARE NGSIv2 (Orion): ``POST /v2/op/update`` with append, wave by wave."""

    def __init__(
        self,
        *,
        service: str | None = None,
        service_path: str | None = None,
        id_prefix: str = "urn:ngsi-ld:",
        path: str = "/v2",
        late: Late = "refuse",
        batch_bytes: int = 256_000,
        batch_entities: int = 100,
        device: bool = True,
        device_interval: int = 600,
    ) -> None:
        """Take what a city's broker wants; ValueError says what cannot be.

        ``service`` and ``service_path``: of the headers Fiware-Service and Fiware-ServicePath.
        ``late``: what becomes of a value older than the one delivered: "refuse" it (the uplink is kept with the
        reason), "send" it (Orion lets it go over the newer one), "skip" it (counted).
        ``device``: whether Devices also say how they were heard (rssi, snr, dateLastValueReported), and the gateway what it
        is. ``device_interval``: seconds between two times.
        """
        check_interval(device_interval)
        self._tells_state, self._interval_s = device, device_interval
        _check(service=service, service_path=service_path, id_prefix=id_prefix, path=path, late=late)
        if batch_bytes < 1 or batch_entities < 1:
            raise ValueError(f"batch_bytes and batch_entities are at least 1, not {batch_bytes} and {batch_entities}")
        headers = {"Fiware-Service": service, "Fiware-ServicePath": service_path}
        self._naming = OrionNaming(id_prefix=id_prefix, inline=False, in_paths=True)
        self._way = OrionWay(
            path=path.rstrip("/"),
            headers={name: value for name, value in headers.items() if value is not None},
            content_type="application/json",  # Orion answers 415 to ld+json
            most_bytes=batch_bytes,
            most_entities=batch_entities,
            late=late,
        )

    def read_back(self, item: Item, memory: Mapping[str, Json]) -> Request | None:  # noqa: ARG002 - of the seam
        """Return what asks for the first entity that ``item`` speaks of."""
        return asking(item, self._naming, self._way)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Append what ``batch`` says, oldest first for each entity; the newest times delivered go to the memory."""
        if not self._tells_state:
            return _speaking(self._tell(batch, memory))
        talk = with_state(batch, memory, self._tell, interval_s=self._interval_s, tell_gateway=self._tell_gateways)
        return _speaking(talk)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        return Delivery(batch, memory, self._naming, self._way).talk()

    def _tell_gateways(self, gateways: Sequence[GatewayState], memory: Mapping[str, Json]) -> Conversation:
        return telling_gateways(gateways, memory, self._naming, self._way)


class OrionNaming(Naming):
    """Entities as NGSIv2 writes them."""

    __slots__ = ()

    def members(self, instance: Instance, readings: Iterable[str], *, stamped: bool) -> bytes:
        """Return the JSON members of an entity after its id and type; what is said about the whole if ``stamped``."""
        said = json.loads(b"{%b}" % Naming.members(self, instance, readings, stamped=stamped))
        attributes = {name: _attribute(value) for name, value in said.items()}
        if stamped:
            attributes["TimeInstant"] = {"type": "DateTime", "value": timestamp(instance.observed_ms)}
        return json.dumps(attributes, separators=(",", ":"))[1:-1].encode()


class OrionWay(Way):
    """Requests as NGSIv2 has them."""

    __slots__ = ()

    def request(self, letter: Letter) -> Request:
        """Return the update that ``letter`` is."""
        entities = b",".join(part.text for part in letter.parts)
        body = b'{"actionType":"append","entities":[%b]}' % entities
        return Request(target=f"{self.path}/op/update", body=body, content_type=self.content_type, headers=self.headers)


def _attribute(said: Mapping[str, Json]) -> Json:
    """Return an attribute of NGSI-LD as one of NGSIv2."""
    kind, value = _typed(said)
    metadata = {
        name: {"type": kind_of, "value": said[key]}
        for name, key, kind_of in (("unitCode", "unitCode", "Text"), ("TimeInstant", "observedAt", "DateTime"))
        if key in said
    }
    return {"type": kind, "value": value, "metadata": metadata} if metadata else {"type": kind, "value": value}


def _typed(said: Mapping[str, Json]) -> tuple[str, Json]:
    match said:
        case {"type": "GeoProperty", "value": value}:
            return "geo:json", value
        case {"type": "Relationship", "object": entity}:
            return "Relationship", _plain(entity)
        case {"value": {"@type": "DateTime", "@value": at}}:
            return "DateTime", at
        case {"value": bool() as value}:
            return "Boolean", value
        case {"value": int() | float() as value}:
            return "Number", value
        case {"value": str() as value}:
            return "Text", _plain(value)
        case {"value": list() as value}:
            return "StructuredValue", [_plain(one) if isinstance(one, str) else one for one in value]
    raise TypeError(f"{said!r} is no attribute that our NGSI-LD entities have")


def _plain(text: str) -> str:
    """Return ``text`` without the characters that Orion refuses; a unit stays the same unit."""
    return FORBIDDEN.sub("_", DIVISORS.sub(lambda found: "/" + found[1].replace(".", "/"), text))


def _speaking(talk: Conversation) -> Conversation:
    """Hold ``talk`` with a broker whose errors have Orion's form."""
    try:
        requests = next(talk)
        while True:
            answers = yield requests
            requests = talk.send([_explained(answer) for answer in answers])
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # a generator's value is not typed here
    finally:
        talk.close()


def _explained(answer: Answer) -> Answer:
    """Return Orion's answer with its error as problem details, which the conversation judges and words."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):  # a proxy's page, or [[[[…
        return replace(answer, body=b"")
    if answer.status < 400 or not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return answer
    said = {"title": body["error"], "detail": str(body.get("description", ""))}
    return replace(answer, status=STATUS.get(body["error"], answer.status), body=json.dumps(said).encode())


def _check(*, service: str | None, service_path: str | None, id_prefix: str, path: str, late: str) -> None:
    if service is not None and SERVICE.fullmatch(service) is None:
        raise ValueError(f"service: {service!r} is not 1 to 50 of a-z A-Z 0-9 _, as Orion wants it")
    if service_path is not None and SERVICE_PATH.fullmatch(service_path) is None:
        raise ValueError(f"service_path: {service_path!r} is no path as Orion wants it; '/' and '/city/parks' are")
    if re.fullmatch(r"[A-Za-z0-9:._-]+", id_prefix) is None:
        raise ValueError(f"id_prefix: {id_prefix!r} has characters that no id has at Orion; 'urn:ngsi-ld:' is right")
    if not path.startswith("/"):
        raise ValueError(f"path: {path!r} does not begin with '/'")
    if late not in {"refuse", "send", "skip"}:
        raise ValueError(f"late: {late!r} is none of 'refuse', 'send', 'skip'")
