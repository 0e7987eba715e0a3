"""Sources behind network servers in the configuration: what is right, and what would be right where something is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.sources.network_server.decode import Decode, ServerKind
from gateway.sources.settings import ChirpstackSettings, TheThingsStackSettings, WebhookSettings
from gateway.transports.broker import MqttVersion
from tests.agent.brygga_toml import loaded, problems

CHIRPSTACK = '[[source]]\nname = "campus"\ntype = "chirpstack"\nurl = "mqtt://127.0.0.1"\n'
STACK = '[[source]]\nname = "ttn"\ntype = "the_things_stack"\nurl = "mqtts://eu1.cloud.thethings.network"\napplication = "my-app@ttn"\n'
WEBHOOK = '[[source]]\nname = "push"\ntype = "webhook"\nserver = "netmore"\n'
TOKEN = 'token = "0123456789abcdef0123"\n'


def test_a_chirpstack_needs_an_address_and_nothing_else(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, CHIRPSTACK).sources

    assert isinstance(source, ChirpstackSettings)
    assert (source.application, source.decode, source.is_json, source.client_id) == ("+", Decode.AUTO, True, None)
    assert source.broker.keeps_session


def test_a_things_stack_is_spoken_to_as_it_can(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, STACK + 'username = "my-app@ttn"\npassword = "NNSXS.KEY"\ndecode = "server"\n').sources

    assert isinstance(source, TheThingsStackSettings)
    assert (source.application, source.decode, source.broker.version) == (
        "my-app@ttn",
        Decode.SERVER,
        MqttVersion.V3_1_1,
    )
    assert source.broker.endpoint.port == 8883


def test_a_webhook_listens_on_this_machine_only_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, WEBHOOK + TOKEN).sources

    assert isinstance(source, WebhookSettings)
    assert (source.host, source.port, source.path, source.server) == ("127.0.0.1", 8090, "/uplinks", ServerKind.NETMORE)
    assert source.tls is None


def test_a_webhook_for_all_without_a_certificate_is_unwise(tmp_path: Path) -> None:
    warnings = loaded(tmp_path, WEBHOOK + TOKEN + 'host = "0.0.0.0"\n').warnings

    assert any("the token comes over the network in the clear" in one for one in warnings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHIRPSTACK + 'application = "Sensors"\n', "source[0].application: 'Sensors' is no application's id"),
        (CHIRPSTACK + 'decode = "there"\n', "source[0].decode"),
        (CHIRPSTACK + 'password = "x"\n', "source[0].username: is missing; a password needs it"),
        (CHIRPSTACK + f'client_id = "{"x" * 65}"\n', "source[0].client_id: 65 characters where at most 64 are right"),
        (CHIRPSTACK.replace("mqtt://", "http://"), "source[0].url: 'http://127.0.0.1' is no broker"),
        (STACK.replace("my-app@ttn", "My App"), "source[0].application: 'My App' is no application"),
        (STACK + 'username = "other@ttn"\npassword = "x"\n', "source[0].username: 'other@ttn' is another application"),
        (WEBHOOK, "source[0].token: is missing: whoever reaches the port could push readings"),
        (WEBHOOK + 'token = "short"\n', "source[0].token: has less than 16 characters"),
        (WEBHOOK + TOKEN + 'path = "uplinks"\n', "source[0].path: 'uplinks' is no path; '/uplinks' is one"),
        (WEBHOOK.replace("netmore", "loriot") + TOKEN, "source[0].server"),
        (
            WEBHOOK + TOKEN + 'key_file = "brygga.toml"\n',
            "source[0].certificate_file: is missing; key_file belongs to it",
        ),
        (WEBHOOK + TOKEN + 'certificate_file = "brygga.toml"\n', "source[0].certificate_file"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = problems(tmp_path, text)

    assert said in problem


def test_a_port_that_two_sources_want_is_said(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, WEBHOOK + TOKEN + WEBHOOK.replace("push", "other") + TOKEN)

    assert "8090 already" in problem
