"""What `brygga destination preview` prints of the messages that would go out; credentials among them are hidden."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from gateway.commands.listing import printable
from gateway.config import DestinationSettings
from gateway.model import Json, Request
from gateway.transports.broker import Broker
from gateway.trial.preview import Preview


def as_people_see(told: Preview, *, show_secrets: bool) -> Sequence[Request]:
    """Return the messages, without the credentials in them unless those are wanted."""
    return told.requests if show_secrets else [one.shown() for one in told.requests]


def messages(requests: Sequence[Request], destination: DestinationSettings) -> Iterator[str]:
    """Yield the messages, line by line."""
    if not requests:
        yield f"{type(destination.format).__name__} says nothing of it"
    for number, request in enumerate(requests):
        yield from [""] if number else []
        yield from map(printable, _head(request, destination))
        yield ""
        yield _body(request)


def _head(request: Request, destination: DestinationSettings) -> Iterator[str]:
    endpoint = destination.platform.endpoint
    if isinstance(destination.platform, Broker):
        yield f"PUBLISH {request.target} to {endpoint}, QoS 1, {len(request.body)} octets"
        yield from [f"Content-Type: {request.content_type}"] if request.content_type else []
        yield from (f"User property {name}: {value}" for name, value in request.headers.items())
        return
    yield f"{request.method} {endpoint}{request.target}, {len(request.body)} octets"
    yield from [f"Content-Type: {request.content_type}"] if request.content_type else []
    yield from (f"{name}: {value}" for name, value in request.headers.items())
    hidden = {**destination.platform.headers, **destination.platform.login_headers()}.keys() - request.headers.keys()
    yield from (f"{name}: (as configured)" for name in sorted(hidden))  # they may be secret


def _body(request: Request) -> str:
    try:
        return request.body.decode("utf-8")
    except UnicodeDecodeError:
        return request.body.hex(" ")


def as_json(told: Preview, requests: Sequence[Request], destination: DestinationSettings) -> Json:
    """Return the messages for programs, bodies in base64."""
    return {
        "url": str(destination.platform.endpoint),
        "messages": [
            {
                "method": None if isinstance(destination.platform, Broker) else one.method,
                "target": one.target,
                "content_type": one.content_type,
                "headers": dict(one.headers),
                "body": base64.b64encode(one.body).decode("ascii"),
            }
            for one in requests
        ],
        "remarks": list(told.remarks),
    }
