"""What kind of thing stands between us and a platform: a name beside the words, the same for HTTP and MQTT."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

import pytest

from gateway.errors import Hindrance, Unreachable
from gateway.transports.network import hindrance
from gateway.transports.reasons import NAMES, hindrance_of
from simulators.platforms.scripted_broker import ScriptedBroker
from simulators.ports import free_tcp_port

from .conftest import MakeMqtt, request_to
from .web_platform import MakeHttp, one

ERRORS: Final = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Hindrance.NAME),
    (TimeoutError(), Hindrance.SILENCE),
    (OSError(errno.ETIMEDOUT, "Connection timed out"), Hindrance.SILENCE),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), Hindrance.NO_LISTENER),
    (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"), Hindrance.NO_LISTENER),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), Hindrance.CUT),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), Hindrance.NO_WAY),
    (ssl.SSLError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]"), Hindrance.TLS),
]  # fmt: skip
STATUSES: Final = [
    (0, Hindrance.CUT),
    (0x86, Hindrance.CREDENTIAL),
    (0x87, Hindrance.CREDENTIAL),
    (401, Hindrance.CREDENTIAL),
    (403, Hindrance.CREDENTIAL),
    (407, Hindrance.PROXY),
    (0x90, Hindrance.ADDRESS),
    (302, Hindrance.ADDRESS),
    (404, Hindrance.ADDRESS),
    (0x97, Hindrance.BUSY),
    (429, Hindrance.BUSY),
    (0x88, Hindrance.FAULT),
    (503, Hindrance.FAULT),
    (0x80, Hindrance.ANSWER),
    (207, Hindrance.ANSWER),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS, ids=[str(kind) + str(n) for n, (_, kind) in enumerate(ERRORS)])
def test_a_line_that_fails_has_a_kind(error: OSError, kind: Hindrance) -> None:
    assert hindrance(error) is kind


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_an_answer_that_takes_nothing_has_a_kind(status: int, kind: Hindrance) -> None:
    assert hindrance_of(status) is kind


def test_reason_codes_and_statuses_share_no_number() -> None:
    assert max(NAMES) < 300


async def test_nobody_at_a_port_is_told_by_both_protocols(make_http: MakeHttp, make_mqtt: MakeMqtt) -> None:
    with pytest.raises(Unreachable) as by_http:
        await one(make_http(f"http://127.0.0.1:{free_tcp_port()}"))
    with pytest.raises(Unreachable) as by_mqtt:
        await make_mqtt(free_tcp_port()).send([request_to("city/a")])

    assert by_http.value.hindrance is Hindrance.NO_LISTENER
    assert by_mqtt.value.hindrance is Hindrance.NO_LISTENER


async def test_a_wrong_password_is_told(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.connack = 0x86

    with pytest.raises(Unreachable) as caught:
        await make_mqtt(scripted.port).send([request_to("city/a")])

    assert caught.value.hindrance is Hindrance.CREDENTIAL


async def test_a_broker_that_says_nothing_is_told(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.silent_connack = True

    with pytest.raises(Unreachable) as caught:
        await make_mqtt(scripted.port, connect_limit_s=0.2).send([request_to("city/a")])

    assert caught.value.hindrance is Hindrance.SILENCE
