"""Options of the formats in a brygga.toml: what is right is taken, and what is wrong is named by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.formats.chirpstack import ChirpStack
from gateway.formats.diwise import Diwise
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.the_things_stack import TheThingsStack
from tests.agent.brygga_toml import SOURCE, loaded, problems

DESTINATION = (
    '{source}\n[[destination]]\nname = "city"\nurl = "{url}"\nformat = "{name}"\n[destination.options]\n{options}\n'
)
IDS = 'ids = { a81758fffe03abcd = "torget-1", "a81758fffe03abcd/2" = "torget-2" }'


def section(name: str, options: str, url: str = "https://city.example") -> str:
    return DESTINATION.format(source=SOURCE, url=url, name=name, options=options)


@pytest.mark.parametrize(
    ("name", "options", "url", "kind"),
    [
        ("diwise", IDS + "\ntries = 3", "https://city.example", Diwise),
        ("ngsi_ld", 'way = "merge"\ndialect = "diwise"\nlate = "temporal"', "https://city.example", NgsiLd),
        ("chirpstack", 'object = "both"', "mqtts://city.example", ChirpStack),
        ("chirpstack", 'topic = "/in?event=up"', "https://city.example", ChirpStack),
        ("the_things_stack", 'application = "bad@ttn"', "mqtt://city.example", TheThingsStack),
    ],
)
def test_what_is_right_is_taken(tmp_path: Path, name: str, options: str, url: str, kind: type) -> None:
    settings = loaded(tmp_path, section(name, options, url))

    assert isinstance(settings.destinations[0].format, kind)


@pytest.mark.parametrize(
    ("name", "options", "url", "words"),
    [
        ("diwise", "", "mqtts://city.example", "format: diwise cannot go over mqtts://; http:// or https:// is right"),
        ("diwise", 'ids = "x"', "https://city.example", "options.ids: 'x' where a table of texts is expected"),
        ("diwise", 'ids = { x = "y" }', "https://city.example", "options.ids: 'x' begins with no DevEUI"),
        (
            "ngsi_ld",
            'way = "patch"',
            "https://city.example",
            "options.way: 'patch' where 'upsert' or 'merge' is expected",
        ),
        ("ngsi_ld", 'dialect = "x"', "https://city.example", "options.dialect: 'x' is none of 'diwise'"),
        ("chirpstack", "", "https://city.example", "format: chirpstack over https:// puts its topic behind the URL"),
        ("chirpstack", 'region = "x"', "mqtts://city.example", "options.region: 'x' is none of as923"),
        ("the_things_stack", 'applicaton = "x"', "mqtts://city.example", "did you mean 'application'?"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, options: str, url: str, words: str) -> None:
    said = problems(tmp_path, section(name, options, url))

    assert any("destination[0]" in one and words in one for one in said), said


SENSORTHINGS = '[[destination]]\nname = "city"\nurl = "https://sta.example/FROST"\nformat = "sensorthings"\n'


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (SENSORTHINGS + "batch = 7\nretry_max_s = 9\n[destination.options]\nbatch = 3\npath = '/v1.1'\n", True),
        (SENSORTHINGS.replace("/FROST", ""), False),
        (SENSORTHINGS.replace("https", "http"), False),
        (SENSORTHINGS.replace("example", "example:8443"), False),
        (SENSORTHINGS + "[destination.options]\npath = '/v1.0'\n", False),
        (SENSORTHINGS.replace('"sensorthings"', '"ngsi_ld"'), False),
        (SENSORTHINGS + 'username = "u"\npassword = "p"\n', False),
    ],
)
def test_the_same_platform_is_known_by_its_address_and_who_we_are_there(
    tmp_path: Path, other: str, *, is_same: bool
) -> None:
    (before,) = loaded(tmp_path, SENSORTHINGS).destinations

    (now,) = loaded(tmp_path, other).destinations

    assert (before.memory_of == now.memory_of) is is_same
