"""`type = "chirpstack_mqtt"` and `type = "concentratord"` in the configuration: what is read, and what is wrong with it in words."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.errors import ConfigError
from gateway.sources import catalogue
from gateway.sources.chirpstack_gateway.concentratord import Concentratord
from gateway.sources.chirpstack_gateway.mqtt import ChirpstackMqtt
from gateway.sources.settings import ChirpstackMqttSettings, ConcentratordSettings
from gateway.transports.broker import MqttVersion
from tests.agent.brygga_toml import loaded, problems

MQTT = '[[source]]\nname = "roofs"\ntype = "chirpstack_mqtt"\nurl = "mqtt://127.0.0.1"\n'
ZMQ = '[[source]]\nname = "mast"\ntype = "concentratord"\n'


def mqtt(folder: Path, more: str = "") -> ChirpstackMqttSettings:
    (source,) = loaded(folder, MQTT + more).sources
    assert isinstance(source, ChirpstackMqttSettings)
    return source


def test_a_broker_and_a_name_are_enough(tmp_path: Path) -> None:
    source = mqtt(tmp_path)

    assert (source.name, source.prefix, source.gateways, source.antenna_gain_dbi) == (
        "roofs",
        "eu868",
        frozenset(),
        0.0,
    )
    assert (str(source.broker.endpoint), source.broker.version) == ("mqtt://127.0.0.1", MqttVersion.V5)
    assert not source.broker.keeps_session
    assert len(source.broker.client_id) == 23


def test_two_boxes_with_one_configuration_do_not_put_each_other_out(tmp_path: Path) -> None:
    assert mqtt(tmp_path).broker.client_id != mqtt(tmp_path).broker.client_id


def test_all_keys_are_taken(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    more = (
        'prefix = "/city/eu868/"\ngateways = ["0016C001F153A14C"]\nantenna_gain_dbi = 2\nusername = "brygga"\n'
        'password_file = "password"\nmqtt_version = "3.1.1"\nkeep_alive_s = 30\n'
    )

    source = mqtt(tmp_path, more)

    assert (source.prefix, [*source.gateways], source.antenna_gain_dbi) == ("city/eu868", ["0016c001f153a14c"], 2.0)
    assert (source.broker.username, source.broker.version, source.broker.keepalive_s) == (
        "brygga",
        MqttVersion.V3_1_1,
        30,
    )
    assert source.broker.password is not None
    assert source.broker.password.reveal() == "secret"


def test_a_password_in_the_clear_is_warned_of(tmp_path: Path) -> None:
    text = MQTT.replace("127.0.0.1", "broker.example") + 'username = "brygga"\npassword = "x"\n'

    warnings = loaded(tmp_path, text).warnings

    assert "source[0].url: mqtt:// sends the credential in the clear; mqtts:// hides it" in [
        warning.removeprefix("brygga.toml: ") for warning in warnings
    ]


MQTT_WRONG = [
    (
        'prefix = "eu868/#"',
        "prefix: 'eu868/#' is no beginning of a topic: + and # stand for any; 'eu868' is one, '' is none",
    ),
    (
        'prefix = "eu868/gateway"',
        "prefix: 'eu868/gateway' has what follows it in it; of eu868/gateway/0016c001f153a14c/event/up it is 'eu868'",
    ),
    ('gateways = ["roof"]', "gateways[0]: 'roof': 'roof' has characters that are no hex digits"),
    ('password = "x"', "username: is missing; a password needs it"),
    (
        'username = "a"\npassword = "x"\npassword_file = "p"',
        "password: stands beside password_file; one of the two is enough",
    ),
    ("keep_alive_s = 1", "keep_alive_s: 1 where a whole number from 5 to 65535 is expected"),
    ("[source.tls]\ninsecure = true", "tls: has no effect on mqtt://; mqtts:// is encrypted"),
]


@pytest.mark.parametrize(("more", "words"), MQTT_WRONG)
def test_what_cannot_be_at_a_broker_is_told_with_what_would_be_right(tmp_path: Path, more: str, words: str) -> None:
    (tmp_path / "p").write_text("x")

    assert problems(tmp_path, MQTT + more) == (f"brygga.toml: source[0].{words}",)


def test_what_is_no_broker_is_told(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, MQTT.replace("mqtt://", "http://"))

    assert problem == "brygga.toml: source[0].url: 'http://127.0.0.1' is no broker; mqtt:// and mqtts:// are"


def test_concentratord_is_where_it_puts_itself(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, ZMQ).sources

    assert source == ConcentratordSettings(
        name="mast", event_url="ipc:///tmp/concentratord_event", command_url="ipc:///tmp/concentratord_command"
    )


@pytest.mark.parametrize(
    "url", ["ipc:///run/concentratord/event", "tcp://127.0.0.1:3000", "tcp://[::1]:3000", "tcp://mast:1"]
)
def test_addresses_of_sockets_are_taken(tmp_path: Path, url: str) -> None:
    (source,) = loaded(tmp_path, f'{ZMQ}event_url = "{url}"').sources

    assert isinstance(source, ConcentratordSettings)
    assert source.event_url == url


@pytest.mark.parametrize(
    "url",
    [
        "/tmp/concentratord_event",
        "ipc://event",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:70000",
        "tcp://*:1",
        "udp://a:1",
        "",
    ],
)
def test_what_is_no_address_of_a_socket_is_told(tmp_path: Path, url: str) -> None:
    (problem,) = problems(tmp_path, f'{ZMQ}command_url = "{url}"')

    assert problem == (
        f"brygga.toml: source[0].command_url: {url!r} is none of ipc:///tmp/concentratord_event, tcp://127.0.0.1:3000 and their like"
    )


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f'{ZMQ}event_url = "ipc:///{"x" * 107}"')

    assert problem.endswith("a socket's path has at most 107 octets")


@pytest.mark.parametrize(("text", "kind"), [(MQTT, ChirpstackMqtt), (ZMQ, Concentratord)])
def test_the_catalogue_makes_it(tmp_path: Path, text: str, kind: type) -> None:
    (settings,) = loaded(tmp_path, text).sources

    assert isinstance(catalogue.make(settings, SystemClock()), kind)


@pytest.mark.parametrize(("text", "module"), [(MQTT, "google"), (ZMQ, "zmq")])
def test_a_package_that_is_not_installed_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, module: str
) -> None:
    (settings,) = loaded(tmp_path, text).sources
    imported = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("gateway.sources.chirpstack_gateway."):
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return imported(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ConfigError) as caught:
        catalogue.make(settings, SystemClock())

    assert str(caught.value) == (
        f"source {settings.name!r}: needs the package {module}, which is not installed; pip install 'brygga[chirpstack]' brings it"
    )
