"""Transports by what they connect to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.transports.broker import Broker
from gateway.transports.catalogue import make
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.mqtt import Mqtt
from gateway.transports.service import Service
from gateway.transports.tls import Tls
from tests.transports.conftest import HandClock


async def test_a_broker_gets_mqtt_and_a_web_service_http() -> None:
    clock = HandClock()

    made = [
        make(Broker(endpoint=endpoint("mqtt://127.0.0.1"), client_id="a"), clock),
        make(Service(endpoint=endpoint("http://127.0.0.1")), clock),
    ]

    assert [type(one) for one in made] == [Mqtt, Http]
    assert [one.status()["url"] for one in made] == ["mqtt://127.0.0.1", "http://127.0.0.1"]


@pytest.mark.parametrize("url", ["mqtts://127.0.0.1", "https://127.0.0.1"])
async def test_a_wrong_tls_file_is_said_before_anything_is_sent(url: str, tmp_path: Path) -> None:
    tls = Tls(ca_file=tmp_path / "gone.pem")
    where = endpoint(url)
    platform = (
        Broker(endpoint=where, client_id="a", tls=tls) if url.startswith("mqtt") else Service(endpoint=where, tls=tls)
    )

    with pytest.raises(ConfigError, match=r"gone\.pem: cannot be read"):
        make(platform, HandClock())
