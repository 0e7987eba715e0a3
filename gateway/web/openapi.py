"""The API's description (OpenAPI 3.1), made from the table of routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway import __version__
from gateway.model import Json
from gateway.web import shapes
from gateway.web.fields import Field
from gateway.web.route import PREFIX, Route, Special
from gateway.web.routes import ROUTES

REFUSALS: Final[Mapping[str, str]] = {
    "400": "what was asked is wrong",
    "401": "nobody is logged in, or the token or password is not known",
    "403": "the role is not enough, the CSRF token is missing, or the page of another site asks",
    "404": "there is no such thing",
    "405": "another method is right here",
    "408": "the body did not come in time",
    "409": "busy: somebody else is at it",
    "413": "the body is too large",
    "429": "too often; `Retry-After` says in how many seconds",
    "500": "a fault of the agent's own; its number is in the log",
    "503": "the disk takes nothing, or there was no answer in time",
}
ABOUT: Final = """The dashboard's API, for programs, too. A program sends `Authorization: Bearer` with a token that `brygga web token add NAME --role view`
has made; a browser has a session, and shows `csrf` of `GET session` in `X-CSRF-Token` with all that is not GET. Without a password the
API is on the box itself only, and needs no login."""


def described() -> Mapping[str, Json]:
    """Return the whole description."""
    paths: dict[str, dict[str, Json]] = {}
    for route in ROUTES:
        where = paths.setdefault(f"/{route.path}", {})
        where[route.method.lower()] = _operation(route)
        if route.prefix != PREFIX:
            where["servers"] = [{"url": route.prefix}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Brygga",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX.rstrip("/")}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "brygga_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {"Problems": shapes.PROBLEMS},
            "responses": {
                status: {
                    "description": words,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problems"}}},
                }
                for status, words in REFUSALS.items()
            },
        },
    }


def _operation(route: Route) -> Mapping[str, Json]:
    told: dict[str, Json] = {
        "operationId": operation_id(route),
        "summary": route.brief,
        "x-role": str(route.role) if route.role else "",
        "security": [{"session": []}, {"token": []}] if route.role else [],
        "responses": {
            str(route.status): {"description": route.brief, "content": {route.kind: {"schema": route.said}}},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in _refusals(route)},
        },
    }
    if parameters := [*_parameters(route)]:
        told["parameters"] = parameters
    if route.body:
        told["requestBody"] = {
            "required": any(field.is_needed for field in route.body),
            "content": {"application/json": {"schema": body_schema(route.body)}},
        }
    return told


def operation_id(route: Route) -> str:
    """Return a name that a program's generator makes a function of: "get_devices_history"."""
    words = "".join(" " if one in "/-.{}" else one for one in route.path).split()
    return "_".join([route.method.lower(), *words])


def body_schema(fields: tuple[Field, ...]) -> Mapping[str, Json]:
    """Return the schema of a body."""
    return {
        "type": "object",
        "properties": {field.name: field.schema() for field in fields},
        "required": [field.name for field in fields if field.is_needed],
        "additionalProperties": False,
    }


def _parameters(route: Route) -> Iterator[Mapping[str, Json]]:
    for where, fields in (("path", route.places), ("query", route.query)):
        for field in fields:
            yield {
                "name": field.name,
                "in": where,
                "required": where == "path",
                "description": field.words,
                "schema": {name: value for name, value in field.schema().items() if name != "description"},
            }


def _refusals(route: Route) -> Iterator[str]:
    yield "400"
    if route.role is not None or route.special is Special.LOG_IN:
        yield "401"
    yield "403"  # whoever may ask: the page of another site may not
    if route.places:
        yield "404"
    if route.body is not None:
        yield from ("408", "413")
    if route.ask is not None:
        yield "409"
    if route.special in {Special.LOG_IN, Special.LIVE}:
        yield "429"
    yield "500"
    yield "503"
