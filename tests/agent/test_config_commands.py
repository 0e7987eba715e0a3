"""`[destination.commands]`: what is right, and every problem in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.settings import CommandsSettings
from gateway.formats import Shape
from gateway.transports.broker import Broker
from tests.agent.brygga_toml import HTTP, MQTT, loaded, problems

GATEWAY = '[gateway]\nname = "roof/1"\n'
DOWN, STATE = 'topic = "brygga/{gateway}/down"\n', 'state_topic = "brygga/{gateway}/down/state"\n'


def commands(*lines: str, destination: str = MQTT) -> str:
    return "\n".join([GATEWAY, destination, "[destination.commands]", *lines])


def test_without_the_section_no_commands_are_taken(tmp_path: Path) -> None:
    (destination,) = loaded(tmp_path, MQTT).destinations

    assert isinstance(destination.platform, Broker)
    assert (destination.commands, destination.platform.listen_topic) == (None, None)


def test_a_topic_has_the_gateways_name_as_one_level(tmp_path: Path) -> None:
    (destination,) = loaded(tmp_path, commands(DOWN, STATE, 'shape = "chirpstack"')).destinations

    assert destination.commands == CommandsSettings(
        topic="brygga/roof-1/down", state_topic="brygga/roof-1/down/state", shape=Shape.CHIRPSTACK
    )
    assert isinstance(destination.platform, Broker)
    assert destination.platform.listen_topic == "brygga/roof-1/down"


PLACE = "brygga.toml: destination[0].commands"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (commands(DOWN), f"{PLACE}.state_topic: is missing; commands need topic and state_topic"),
        (commands(STATE), f"{PLACE}.topic: is missing; commands need topic and state_topic"),
        (
            commands(DOWN, 'state_topic = "a/+"'),
            f"{PLACE}.state_topic: 'a/+' is no topic to publish to: not empty, without + and #",
        ),
        (
            commands('topic = "a/b#"', STATE),
            f"{PLACE}.topic: 'a/b#' is no topic to subscribe to: + stands for a whole level, # for the last ones",
        ),
        (
            commands('topic = "brygga/#"', STATE),
            f"{PLACE}.state_topic: 'brygga/{{gateway}}/down/state' is among what comes in on 'brygga/#'; it needs its own",
        ),
        (
            commands(DOWN, STATE, 'shape = "ttn"'),
            f'{PLACE}.shape: \'ttn\' where "brygga", "chirpstack", "the_things_stack", "thingsboard" or "azure" is expected',
        ),
        (
            commands(DOWN, STATE, 'shape = "thingsboard"'),
            f"{PLACE}.shape: 'thingsboard' is how thingsboard commands, and the format is senml",
        ),
        (
            commands(DOWN, STATE, 'shape = "azure"'),
            f"{PLACE}.shape: 'azure' is how azure_iot commands, and the format is senml",
        ),
        (commands(DOWN, STATE, "topics = 1"), f"{PLACE}.topics: there is no such key; did you mean 'topic'?"),
        (commands(DOWN, STATE, destination=HTTP), f"{PLACE}: belongs to MQTT, and the URL begins with http://"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problems(tmp_path, text)


@pytest.mark.parametrize("topic", ["#", "+", "a/+/b", "a/#", "a", "/a//b"])
def test_filters_of_every_kind_are_right(tmp_path: Path, topic: str) -> None:
    (destination,) = loaded(tmp_path, commands(f'topic = "x/{topic}"', STATE)).destinations

    assert destination.commands is not None
    assert destination.commands.topic == f"x/{topic}"


def test_thingsboard_needs_no_topics(tmp_path: Path) -> None:
    (destination,) = loaded(
        tmp_path, commands('shape = "thingsboard"', destination=MQTT.replace('"senml"', '"thingsboard"'))
    ).destinations

    assert destination.commands == CommandsSettings(
        topic="v1/gateway/rpc", state_topic="v1/gateway/rpc", shape=Shape.THINGSBOARD
    )
    assert isinstance(destination.platform, Broker)
    assert destination.platform.listen_topic == "v1/gateway/rpc"
