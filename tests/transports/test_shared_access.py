"""Passwords made of a shared access key, against what Microsoft's SDK makes of the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from gateway.transports.shared_access import SharedAccess

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "azure" / "sdk.json").read_text(encoding="utf-8"))[
    "tokens"
]
KEY = Secret(VECTORS[0]["key"])
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["resource"])
def test_a_token_is_the_sdk_s_octet_for_octet(vector: dict[str, Any]) -> None:
    access = SharedAccess(key=Secret(vector["key"]), resource=vector["resource"])

    token = access.token(datetime.fromtimestamp(vector["now"], UTC))

    assert token.reveal() == vector["token"]


def test_neither_the_key_nor_a_token_is_shown() -> None:
    access = SharedAccess(key=KEY, resource="hub/devices/gw")
    broker = Broker(endpoint=endpoint("mqtts://hub"), client_id="gw", username="hub/gw/", shared_access=access)

    assert KEY.reveal() not in repr(broker)
    assert "sig" not in repr(broker.password_at(AT))


@pytest.mark.parametrize("key", ["not base64!", "====", "abc"])
def test_a_key_that_is_no_base64_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="a shared access key is base64") as caught:
        SharedAccess(key=Secret(key), resource="hub/devices/gw")

    assert key not in str(caught.value)


@pytest.mark.parametrize(("lifetime_s", "renewed_s"), [(3600, 3480), (60, 30), (240, 120)])
def test_a_token_is_renewed_two_minutes_before_its_end_or_at_its_half(lifetime_s: int, renewed_s: float) -> None:
    access = SharedAccess(key=KEY, resource="hub/devices/gw", lifetime=timedelta(seconds=lifetime_s))

    assert access.renewed_after_s == renewed_s


def test_each_connection_has_a_token_of_its_own_time() -> None:
    access = SharedAccess(key=KEY, resource="hub/devices/gw")
    broker = Broker(endpoint=endpoint("mqtts://hub"), client_id="gw", username="u", shared_access=access)

    first, second = broker.password_at(AT), broker.password_at(AT + timedelta(hours=1))

    assert first is not None
    assert second is not None
    assert first.reveal().endswith(f"&se={int(AT.timestamp()) + 3600}")
    assert second.reveal().endswith(f"&se={int(AT.timestamp()) + 7200}")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"username": None}, "a password needs a username"),
        ({"password": Secret("x")}, "a password stands beside a shared access key"),
    ],
)
def test_a_key_goes_with_a_user_name_and_without_a_password(more: dict[str, Any], words: str) -> None:
    access = SharedAccess(key=KEY, resource="hub/devices/gw")
    settings: dict[str, Any] = {"client_id": "gw", "username": "u", "shared_access": access, **more}

    with pytest.raises(ValueError, match=words):
        Broker(endpoint=endpoint("mqtts://hub"), **settings)
