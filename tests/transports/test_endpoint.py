from __future__ import annotations

import pytest

from gateway.transports.endpoint import Endpoint, endpoint

RIGHT = [
    ("mqtt://broker.example", Endpoint(scheme="mqtt", host="broker.example", port=1883)),
    ("mqtts://broker.example/", Endpoint(scheme="mqtts", host="broker.example", port=8883)),
    ("MQTTS://Broker.Example:8884", Endpoint(scheme="mqtts", host="broker.example", port=8884)),
    (" http://10.0.0.1 ", Endpoint(scheme="http", host="10.0.0.1", port=80)),
    ("https://cip.example/ngsi/", Endpoint(scheme="https", host="cip.example", port=443, path="/ngsi")),
    ("https://[2001:db8::1]:9443/a/b", Endpoint(scheme="https", host="2001:db8::1", port=9443, path="/a/b")),
]

WRONG = [
    ("ftp://x", "'ftp://x' is none of mqtt://, mqtts://, http://, https://"),
    ("broker.example:1883", "is none of mqtt://"),
    ("broker.example", "is none of mqtt://"),
    ("", "is none of mqtt://"),
    ("mqtt:broker.example", "is none of mqtt://"),
    ("tcp://broker.example", "tcp:// is called mqtt:// here"),
    ("ssl://broker.example", "ssl:// is called mqtts:// here"),
    ("mqtt://:1883", "names no host"),
    ("mqtt://two words", "names no host"),
    ("mqtt://broker.example:0", "port 0 is none of 1 to 65535"),
    ("mqtt://broker.example:65536", "this is no URL"),
    ("mqtt://broker.example:port", "this is no URL"),
    ("mqtt://[2001:db8::1", "this is no URL"),
    ("mqtt://broker.example/topic", "a broker has no path"),
    ("https://cip.example/?key=1", "nothing may follow the path"),
    ("https://cip.example/#top", "nothing may follow the path"),
]


@pytest.mark.parametrize(("url", "expected"), RIGHT)
def test_a_url_is_taken_apart(url: str, expected: Endpoint) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize(("url", "words"), WRONG)
def test_a_wrong_url_says_what_would_be_right(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        endpoint(url)

    assert words in str(caught.value)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="fields of their own") as caught:
        endpoint("mqtts://user:hunter2@broker.example")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mqtts://broker.example:8883/", "mqtts://broker.example"),
        ("mqtt://broker.example:8883", "mqtt://broker.example:8883"),
        ("https://[2001:db8::1]:9443/a/", "https://[2001:db8::1]:9443/a"),
    ],
)
def test_an_endpoint_is_shown_as_its_url(url: str, shown: str) -> None:
    assert str(endpoint(url)) == shown


def test_only_the_schemes_of_tls_are_secure() -> None:
    secure = {scheme for scheme in ("mqtt", "mqtts", "http", "https") if endpoint(f"{scheme}://x").secure}

    assert secure == {"mqtts", "https"}
