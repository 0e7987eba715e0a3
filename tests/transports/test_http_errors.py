"""Every error of aiohttp is ours after the seam, also those that a later aiohttp adds."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway.errors import Unreachable
from gateway.model import Answer, Verdict
from gateway.transports.http_errors import translate

LOGIN = CIMultiDictProxy(CIMultiDict({"Authorization": "Bearer hunter2"}))
INFO = RequestInfo(URL("http://cip.example"), "POST", LOGIN, URL("http://cip.example"))
KEY = ConnectionKey("cip.example", 80, False, True, None, None, None)


def family(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("aiohttp"):
            yield from family(child)


def make(kind: type[Exception]) -> Exception:
    """Make an error as aiohttp makes it: each branch of the family has arguments of its own."""
    making = cast("Any", kind)
    if issubclass(kind, aiohttp.ClientConnectorCertificateError):
        return cast("Exception", making(KEY, ssl.SSLCertVerificationError("not believed")))
    if kind.__name__ == "UnixClientConnectorError":  # aiohttp does not export it
        return cast("Exception", making("/run/x", KEY, OSError(111, "refused")))
    if issubclass(kind, aiohttp.ClientConnectorError):
        cause = ssl.SSLError(1, "no TLS") if issubclass(kind, aiohttp.ClientSSLError) else OSError(111, "refused")
        return cast("Exception", making(KEY, cause))
    if issubclass(kind, aiohttp.ClientResponseError):
        return cast("Exception", making(INFO, (), status=400, message="no HTTP"))
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return cast("Exception", making(b"a", b"b", "cip.example", 443))
    if issubclass(kind, aiohttp.ClientOSError):
        return cast("Exception", making(104, "reset"))
    return cast("Exception", making("http://x"))


FAMILY = sorted({*family(aiohttp.ClientError)}, key=lambda kind: kind.__name__)

NOT_SENT = {
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientHttpProxyError",
    "ClientProxyConnectionError",
    "ClientSSLError",
    "ConnectionTimeoutError",
    "ServerFingerprintMismatch",
    "UnixClientConnectorError",
}
NO_URL = {
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
}


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_of_aiohttp_is_translated(kind: type[Exception]) -> None:
    error = cast("aiohttp.ClientError", make(kind))

    outcome = translate(error, "http://cip.example")

    if kind.__name__ in NOT_SENT:
        assert isinstance(outcome, Unreachable)
        assert str(outcome).startswith("http://cip.example: ")
        assert outcome.__cause__ is error
    else:
        assert isinstance(outcome, Answer)
        assert outcome.verdict is (Verdict.REFUSED if kind.__name__ in NO_URL else Verdict.UNCLEAR)
        assert outcome.status == 0
    assert "hunter2" not in str(outcome)


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(104, "reset"), OSError("odd")])
def test_a_bare_error_of_the_system_is_unclear(error: OSError) -> None:
    outcome = translate(error, "http://cip.example")

    assert isinstance(outcome, Answer)
    assert outcome.verdict is Verdict.UNCLEAR


def test_the_family_is_as_large_as_it_was() -> None:
    """A smaller one would mean that the test above looks at nothing."""
    assert len(FAMILY) >= 25
