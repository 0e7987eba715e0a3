"""Destinations in the clouds: what follows from the options, and what a person need not and must not write."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from gateway.config import load_apart
from gateway.transports.broker import Broker, MqttVersion
from simulators.platforms.certificates import Authority
from tests.agent.brygga_toml import MQTT, loaded, problems

KEY = b64encode(b"a device's key of some thirty octets").decode()
AZURE = """[[destination]]
name = "azure"
url = "mqtts://contoso.azure-devices.net"
format = "azure_iot"
options = { device = "gw-1" }
"""
AWS = """[[destination]]
name = "aws"
url = "mqtts://abc-ats.iot.eu-north-1.amazonaws.com"
format = "aws_iot"
options = { thing = "gw-1" }
"""


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "sas.key"
    path.write_text(f"{KEY}\n", encoding="utf-8")
    path.chmod(0o640)
    return 'sas_key_file = "sas.key"\n'


def broker(folder: Path, text: str) -> Broker:
    (destination,) = loaded(folder, text).destinations
    assert isinstance(destination.platform, Broker)
    return destination.platform


def test_of_an_azure_device_name_and_key_are_all_that_is_written(tmp_path: Path, key: str) -> None:
    made = broker(tmp_path, AZURE + key)

    assert made.client_id == "gw-1"
    assert made.username == "contoso.azure-devices.net/gw-1/?api-version=2021-04-12"
    assert made.version is MqttVersion.V3_1_1
    assert made.shared_access is not None
    assert made.shared_access.resource == "contoso.azure-devices.net/devices/gw-1"
    assert (made.password, made.listen_topic, made.status_topic) == (None, None, None)


def test_a_certificate_stands_in_the_key_s_place(tmp_path: Path) -> None:
    mine = Authority(tmp_path).client("gw-1")
    tls = f'[destination.tls]\ncertificate_file = "{mine.certificate.name}"\nkey_file = "{mine.key.name}"\n'

    made = broker(tmp_path, AZURE + tls)

    assert made.username == "contoso.azure-devices.net/gw-1/?api-version=2021-04-12"
    assert made.shared_access is None


def test_commands_of_the_hub_have_topics_of_their_own_where_they_are_wanted(tmp_path: Path, key: str) -> None:
    text = AZURE + key + '[destination.commands]\nshape = "azure"\n'
    (destination,) = loaded(tmp_path, text).destinations

    assert destination.commands is not None
    assert destination.commands.topic == "devices/gw-1/messages/devicebound/#"
    assert destination.commands.state_topic == (
        "devices/gw-1/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8&kind=command-state"
    )
    assert isinstance(destination.platform, Broker)
    assert destination.platform.listen_topic == "devices/gw-1/messages/devicebound/#"


def test_the_key_comes_out_of_the_process_that_reads_it(tmp_path: Path, key: str) -> None:
    settings = loaded(tmp_path, AZURE + key)

    assert load_apart(tmp_path / "brygga.toml").destinations[0].platform == settings.destinations[0].platform


def test_a_thing_is_the_client_id(tmp_path: Path) -> None:
    assert broker(tmp_path, AWS).client_id == "gw-1"
    assert broker(tmp_path, AWS.replace('thing = "gw-1"', "") + 'client_id = "gw-2"\n').client_id == "gw-2"


def test_two_destinations_of_one_device_are_one_too_many(tmp_path: Path, key: str) -> None:
    (said,) = problems(tmp_path, AZURE + key + AZURE.replace('"azure"', '"again"') + key)

    assert said.startswith(
        "brygga.toml: destination[1].client_id: 'gw-1' is a client of this broker already: destination[0]"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AZURE, "sas_key_file: is missing; the device's shared access key, or tls.certificate_file with its X.509"),
        (AZURE + '{key}client_id = "x"\n', "client_id: azure_iot makes it of its options: 'gw-1'; leave it out"),
        (AZURE + '{key}username = "x"\n', "username: azure_iot makes it of its options and sas_key_file; leave it out"),
        (AZURE + '{key}mqtt_version = "5"\n', "mqtt_version: '5' is not spoken by azure_iot; '3.1.1' is, and the default"),
        (AZURE + '{key}status_topic = "s"\n', "status_topic: azure_iot knows no topics but its own; leave it out"),
        (AZURE.replace("mqtts", "mqtt") + "{key}", "format: azure_iot cannot go over mqtt://; mqtts:// is right"),
        (AZURE.replace("gw-1", "g w") + "{key}", "options.device: 'g w' is no name of Azure's"),
        (AZURE + 'sas_key_file = "gone"\n', "sas_key_file: {folder}/gone: cannot be read: No such file or directory"),
        (AZURE + 'sas_key_file = "brygga.toml"\n', "sas_key_file: {folder}/brygga.toml: a secret has a line break"),
        (MQTT + "{key}", "sas_key_file: senml knows no shared access keys; azure_iot does"),
        (AWS + 'client_id = "x"\n', "client_id: aws_iot makes it of its options: 'gw-1'; leave it out"),
        (AWS + "[destination.commands]\nshape = 'brygga'\n", "commands.topic: is missing; commands need topic and state_topic"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(tmp_path: Path, key: str, text: str, words: str) -> None:
    said = problems(tmp_path, text.replace("{key}", key))

    assert said[0].startswith(f"brygga.toml: destination[0].{words}".replace("{folder}", str(tmp_path)))


def test_a_key_that_is_no_base64_is_said_and_not_repeated(tmp_path: Path, key: str) -> None:
    (tmp_path / "sas.key").write_text("no key at all", encoding="utf-8")

    (said,) = problems(tmp_path, AZURE + key)

    assert "sas_key_file: a shared access key is base64" in said
    assert "no key at all" not in said


def test_a_key_beside_a_certificate_is_one_credential_too_many(tmp_path: Path, key: str) -> None:
    mine = Authority(tmp_path).client("gw-1")
    tls = f'[destination.tls]\ncertificate_file = "{mine.certificate.name}"\nkey_file = "{mine.key.name}"\n'

    (said,) = problems(tmp_path, AZURE + key + tls)

    assert said.endswith("sas_key_file: stands beside tls.certificate_file; a device has one of the two")
