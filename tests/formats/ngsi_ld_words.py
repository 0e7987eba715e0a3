"""Short words for tests of the NGSI-LD conversation: one CO2 reading a row, and what a broker says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from decoders.contract import Reading
from gateway.model import Answer, Item, Json, Request, Verdict
from tests.formats.items import DEVICE, HEARD_AT, eui, item

PREFIX = "urn:ngsi-ld:AirQualityObserved:"
UNCLEAR = Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer in 10 s")


def co2(row: int, device: int = 1, ppm: float = 400, minutes_ago: int | None = None) -> Item:
    at = None if minutes_ago is None else HEARD_AT - timedelta(minutes=minutes_ago)
    return item(Reading("co2", ppm, "[ppm]", None, at), row=row, device=replace(DEVICE, dev_eui=eui(device)))


def entity(device: int = 1) -> str:
    return PREFIX + eui(device)


def ids(request: Request) -> list[str]:
    return [one["id"] for one in json.loads(request.body)]


def problem(status: int, title: str = "Bad", detail: str = "", kind: str = "BadRequestData") -> Answer:
    body = {"type": f"https://uri.etsi.org/ngsi-ld/errors/{kind}", "title": title, "detail": detail}
    return Answer(verdict=Verdict.REFUSED, status=status, detail=f"{status}", body=json.dumps(body).encode())


def multi_status(success: list[str], errors: Json) -> Answer:
    body = json.dumps({"success": success, "errors": errors}).encode()
    return Answer(verdict=Verdict.TAKEN, status=207, body=body)


def error(device: int, status: int | None, **more: str) -> Json:
    details: dict[str, Json] = {"title": "Refused", "detail": "because", **more}
    return {"entityId": entity(device), "error": details if status is None else {**details, "status": status}}
