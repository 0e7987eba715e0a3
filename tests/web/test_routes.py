"""Every route: described, called once with its answer held against its own schema, and open to the roles that it names and no others."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest

from gateway.desk.log_lines import LogLines
from gateway.model import DevAddr, Eui64, Place
from gateway.web.openapi import described, operation_id
from gateway.web.roles import Role
from gateway.web.route import Route
from gateway.web.routes import ROUTES
from gateway.web.tokens import made
from simulators.end_device import EndDevice
from simulators.platforms.event_receiver import EventReceiver
from tests.pipeline.rig import registration
from tests.web import visiting
from tests.web.visiting import Box, Visitor, write_tokens

ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
KNOWN = "a81758fffe051d02"
NEW = "a81758fffe0a0001"
DESTINATION = (
    '[[destination]]\nname = "lund"\nurl = "{url}"\nformat = "json"\noptions.topic = "/brygga/{{dev_eui}}/event"\n'
)

# method and path of the table: what is asked, in an order in which each finds what it needs
CALLS: Mapping[str, tuple[str, object]] = {
    "GET session": ("session", None),
    "GET status": ("status", None),
    "GET devices": ("devices?search=library&tag=indoor&sort=-rssi_dbm&offset=0&limit=10", None),
    "GET devices/{dev_eui}": (f"devices/{KNOWN}", None),
    "GET devices/{dev_eui}/history": (f"devices/{KNOWN}/history?hours=2", None),
    "POST labels": ("labels", {"text": f"LW:D0:1122334455667788:{NEW.upper()}:001A0001"}),
    "POST devices": ("devices", {"cells": {"dev_eui": NEW, "app_key": "00" * 16, "decoder": "elsys/ers"}}),
    "POST devices/{dev_eui}/downlinks": (
        f"devices/{KNOWN}/downlinks",
        {"f_port": 10, "payload": "0102", "confirmed": True},
    ),
    "GET downlinks": ("downlinks?all=true", None),
    "DELETE downlinks/{id}": ("downlinks/1", None),
    "DELETE devices/{dev_eui}": (f"devices/{NEW}", None),
    "GET sources": ("sources", None),
    "GET destinations": ("destinations", None),
    "GET destinations/{name}": ("destinations/lund", None),
    "GET dead-letters": ("dead-letters?destination=lund&limit=5", None),
    "POST dead-letters/retry": ("dead-letters/retry", {"destination": "lund"}),
    "GET decoders": ("decoders?search=elsys+ers&limit=3", None),
    "POST decoders/try": ("decoders/try", {"decoder": "elsys/ers", "f_port": 5, "payload": ERS.hex()}),
    "GET site": ("site", None),
    "GET doctor": ("doctor", None),
    "POST doctor/bundle": ("doctor/bundle", {}),
    "GET logs": ("logs?level=info&limit=5", None),
    "POST reload": ("reload", {}),
    "GET live": ("live?kinds=status", None),
    "GET openapi.json": ("openapi.json", None),
    "GET /metrics": ("/metrics", None),
    "POST session": ("session", {"password": visiting.PASSWORD}),
    "DELETE session": ("session", None),
}
STREAMS = {"GET live"}
NOT_RELOADED = {"POST reload"}  # this agent was started from no file: 400


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Box]:
    """A box with a password, a destination, and a device with a place that was heard."""
    platform = EventReceiver()
    await platform.start()
    try:
        async with visiting.box(tmp_path, DESTINATION.format(url=platform.url)) as box:
            await _hear(box)
            yield box
    finally:
        await platform.stop()


async def _hear(box: Box) -> None:
    device = EndDevice.abp(Eui64(KNOWN), DevAddr("00011234"))
    known = registration(device, name="Library", tags=frozenset({"indoor", "water"}), place=Place(57.7, 11.97))
    await box.rig.register(known)
    roof = await box.rig.roof()
    await roof.push(device.uplink(5, ERS), rssi_dbm=-71.0, snr_db=8.5)
    await box.rig.rows(1)
    await visiting.until_answers(box, "lund")


def test_the_calls_of_this_file_are_all_routes() -> None:
    assert sorted(CALLS) == sorted(route.name for route in ROUTES)


def test_the_description_is_right_by_openapi() -> None:
    openapi_spec_validator.validate(json.loads(json.dumps(described())))


def test_the_description_says_how_a_login_is_refused() -> None:
    paths = described()["paths"]

    assert {"400", "401", "403", "408", "413", "429"} <= set(paths["/session"]["post"]["responses"])
    assert "429" not in paths["/session"]["get"]["responses"]


def test_every_route_has_a_name_of_its_own() -> None:
    assert len({operation_id(route) for route in ROUTES}) == len(ROUTES)


async def test_every_route_answers_as_it_says(busy: Box) -> None:
    visitor = await busy.visitor()
    await visitor.log_in()
    routes = {route.name: route for route in ROUTES}

    for name, (path, body) in CALLS.items():
        if name in STREAMS:
            continue
        told = await visitor.ask(name.split()[0], path, body)
        route = routes[name]
        assert told.status == (400 if name in NOT_RELOADED else 200), (name, told)
        if route.kind == "application/json" and name not in NOT_RELOADED:
            check(route, told.json)
        if route.file:
            assert told.json.startswith("PK")
        if name == "POST session":
            visitor.headers["X-CSRF-Token"] = told.json["csrf"]


def check(route: Route, answer: Any) -> None:
    """Hold an answer against the schema of its route."""
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(route.said)))
    wrong = [f"{route.name}: {'/'.join(map(str, one.path))}: {one.message}" for one in validator.iter_errors(answer)]
    assert wrong == []


async def test_what_was_heard_is_in_list_history_and_site(busy: Box) -> None:
    visitor = await busy.visitor()
    await visitor.log_in()

    listed = (await visitor.get("devices")).json["devices"][0]
    history = (await visitor.get(f"devices/{KNOWN}/history")).json
    site = (await visitor.get("site")).json

    assert listed["rssi_dbm"] == -71.0
    assert listed["battery_v"] is None
    temperature = next(one for one in history["series"] if one["quantity"] == "air_temperature")
    assert [value for _, value in temperature["points"]] == [22.6]
    assert [point[1:] for point in history["radio"]] == [[-71.0, 8.5, 7]]
    assert history["is_all"] is True
    assert site["devices"][0]["rssi_dbm"] == -71.0


async def test_the_last_answers_of_a_platform_are_shown(busy: Box) -> None:
    visitor = await busy.visitor()
    await visitor.log_in()

    answers = (await visitor.get("destinations/lund")).json["answers"]

    assert answers[0]["verdict"] == "taken"
    assert answers[0]["method"] == "POST"
    assert '"air_temperature"' in answers[0]["sent"]


# ── roles ──


@pytest.fixture
async def programs(locked: Box) -> Mapping[Role, Visitor]:
    """A program of each role."""
    tokens = {role: made(str(role), role, "2026-11-26") for role in Role}
    write_tokens(locked.data, *(kept for _, kept in tokens.values()))
    return {role: await locked.visitor(Authorization=f"Bearer {token}") for role, (token, _) in tokens.items()}


async def test_every_route_is_open_to_its_role_and_those_above_alone(
    locked: Box, programs: Mapping[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def desk(_: Mapping[str, Any]) -> Any:
        return {"unknown": [], "name": "x.zip", "octets": ""}

    monkeypatch.setattr(locked.website._site._asking, "_desk", desk)
    stranger = await locked.visitor()

    for route in ROUTES:
        path, body = CALLS[route.name]
        if route.role is None or route.name in STREAMS:
            continue
        assert (await stranger.ask(route.method, path, body)).status == 401, route.name
        for role, program in programs.items():
            status = (await program.ask(route.method, path, body)).status
            assert status == (200 if role.may(route.role) else 403), (route.name, role)


async def test_a_program_needs_no_csrf_token_and_no_page_of_another_site_has_its_own(
    programs: Mapping[Role, Visitor],
) -> None:
    told = await programs[Role.OPERATE].ask("POST", "labels", CALLS["POST labels"][1])

    assert told.status == 200


# ── the log ──


async def test_the_log_is_the_newest_first_and_says_what_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.desk.log_lines.KEPT", 3)
    lines = LogLines()
    for number, level in enumerate([20, 30, 40, 20]):
        lines.emit(logging.LogRecord("test", level, __file__, 1, f"line {number}", None, None))

    told = await lines.answer({"do": "log.lines", "level": "warning", "limit": 10})

    assert [one["text"] for one in told["lines"]] == ["line 2", "line 1"]
    assert told["dropped"] == 1
