"""Destinations that name a city: what they become of its profile and its connection, and whose file is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from decoders.contract import Reading
from gateway.config import Settings
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl
from gateway.model import Device, Eui64
from gateway.sharing import Positions, Share
from gateway.transports.broker import Broker
from gateway.transports.secret import Secret
from gateway.transports.service import Bearer, Service
from tests.agent.brygga_toml import SOURCE, loaded, problems
from tests.formats.items import converse, item

CITY = '[[destination]]\nname = "water"\ncity = "{}"\ntags = ["water"]\n'
KALMAR = 'url = "https://iot.kalmar.example"\ntoken_file = "kalmar.token"\n'


def connect(folder: Path, city: str, text: str, **files: str) -> Path:
    """Write a city's connection and the files that it names."""
    cities = folder / "cities"
    cities.mkdir(exist_ok=True)
    for name, content in {f"{city}.toml": text, **files}.items():
        path = cities / name.replace("__", ".")
        path.write_text(content, encoding="utf-8")
        path.chmod(0o640)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return connect(tmp_path, "kalmar", KALMAR, kalmar__token="hemligt\n")


def settings(folder: Path, text: str) -> Settings:
    return loaded(folder, '[gateway]\nname = "g"\n' + SOURCE + text)


# ── what a city brings ──


@pytest.mark.parametrize("name", ["kalmar", "Kalmar", "KALMAR"])
def test_a_destination_is_a_city_and_a_selection(folder: Path, name: str) -> None:
    (destination,) = settings(folder, CITY.format(name)).destinations

    assert destination.name == "water@kalmar"
    assert isinstance(destination.format, NgsiLd)
    assert isinstance(destination.platform, Service)
    assert str(destination.platform.endpoint) == "https://iot.kalmar.example"
    assert destination.platform.login == Bearer(Secret("hemligt"))
    water, air = (Device(dev_eui=Eui64("00" * 8), tags=frozenset({tag})) for tag in ("water", "air"))
    assert (destination.selection.selects(water), destination.selection.selects(air)) == (True, False)


def test_a_city_that_is_told_over_mqtt_gets_the_words_for_that(tmp_path: Path) -> None:
    connect(tmp_path, "kalmar", 'url = "mqtts://mq.kalmar.example"\n')

    (destination,) = settings(tmp_path, CITY.format("kalmar")).destinations

    assert isinstance(destination.format, SenMl)
    assert isinstance(destination.platform, Broker)
    assert destination.platform.client_id == "brygga-g-water-kalmar"


def test_the_profiles_options_reach_the_format(tmp_path: Path) -> None:
    connect(tmp_path, "goteborg", 'url = "https://cip.goteborg.example"\n[options]\ntenant = "stadsmiljo"\n')

    (destination,) = settings(tmp_path, CITY.format("Göteborg")).destinations

    ((request, *_),) = [next(destination.format.deliver([item(Reading("co2", 700, "[ppm]"))], {}))]
    assert (request.method, request.headers["NGSILD-Tenant"]) == ("PATCH", "stadsmiljo")


def test_what_the_destination_says_itself_wins(folder: Path) -> None:
    text = CITY.format("kalmar") + 'url = "http://127.0.0.1:8080"\ntoken = "other"\nbatch = 7\n'

    (destination,) = settings(folder, text).destinations

    assert isinstance(destination.platform, Service)
    assert str(destination.platform.endpoint) == "http://127.0.0.1:8080"
    assert (destination.platform.login, destination.batch) == (Bearer(Secret("other")), 7)


def test_a_sensor_near_a_border_goes_to_two_cities(folder: Path) -> None:
    connect(folder, "karlskrona", 'url = "https://iot.karlskrona.example"\n')

    found = settings(folder, CITY.format("kalmar") + CITY.format("karlskrona").replace('"water"\nc', '"border"\nc'))

    assert [one.name for one in found.destinations] == ["water@kalmar", "border@karlskrona"]


def test_a_city_that_nobody_has_sent_a_profile_in_of_is_told_as_any_and_says_so(tmp_path: Path) -> None:
    connect(tmp_path, "boras", 'url = "https://iot.boras.example"\n')

    found = settings(tmp_path, CITY.format("Borås"))

    assert isinstance(found.destinations[0].format, NgsiLd)
    assert found.warnings == (
        (
            "brygga.toml: destination[0].city: nobody has sent in a profile of 'boras': as of any unknown city it is the generic"
            " one (ngsi_ld); `brygga city new boras` writes one"
        ),
    )


def test_without_a_city_nothing_is_another_than_before(tmp_path: Path) -> None:
    text = '[[destination]]\nname = "city"\nurl = "mqtt://127.0.0.1"\nformat = "senml"\n'

    (destination,) = settings(tmp_path, text).destinations

    assert (destination.name, destination.share) == ("city", Share())


# ── what the platform calls devices ──


def test_a_platforms_names_of_devices_come_from_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.formats.catalogue.FORMATS", {"ngsi_ld": WithIds})
    ids = "dev_eui;id\nA8-17-58-FF-FE-03-AB-CD;urn:x:1\n000000000000000a;two\n"
    text = 'url = "https://x.example"\nids_file = "lund.csv"\n[options.ids]\n"000000000000000a" = "second"\n'
    connect(tmp_path, "kalmar", text, lund__csv=ids)

    (destination,) = settings(tmp_path, CITY.format("kalmar")).destinations

    assert isinstance(destination.format, WithIds)
    assert destination.format.ids == {"a81758fffe03abcd": "urn:x:1", "000000000000000a": "second"}


def test_a_device_that_is_several_things_there_has_a_line_for_each(tmp_path: Path) -> None:
    ids = (
        "dev_eui,id\nA8-17-58-FF-FE-03-AB-CD,d-1\na81758fffe03abcd/low,d-2\na81758fffe03abcd/soil_temperature/Low,d-3\n"
    )
    text = 'url = "https://x.example"\nformat = "diwise"\nids_file = "ids.csv"\n'
    connect(tmp_path, "kalmar", text, ids__csv=ids)

    (destination,) = settings(tmp_path, CITY.format("kalmar")).destinations

    said = [
        json.loads(request.body)[0]["bn"]
        for reading in (
            Reading("air_temperature", 21.5, "Cel"),
            Reading("air_temperature", 21.5, "Cel", "low"),
            Reading("soil_temperature", 8.5, "Cel", "Low"),
        )
        for request in converse(destination.format, [item(reading)])[0][0]
    ]
    assert said == ["d-1/3303/", "d-2/3303/", "d-3/3303/"]


def test_a_platform_that_knows_only_devices_is_told_of_no_channel(tmp_path: Path) -> None:
    text = 'url = "mqtt://x.example"\nformat = "yggio"\nids_file = "ids.csv"\n'
    connect(tmp_path, "kalmar", text, ids__csv="dev_eui,id\na81758fffe03abcd/low,d-2\n")

    (problem,) = problems(tmp_path, CITY.format("kalmar"))

    assert "ids: 'a81758fffe03abcd/low' is no DevEUI" in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dev_eui,name\n", "its first line names the columns, dev_eui and id among them"),
        ("", "its first line names the columns"),
        ("dev_eui,id\n12,x\n", "line 2: dev_eui: 2 hex digits where 16 are expected"),
        ("dev_eui,id\n\n000000000000000a,\n", "line 3: id: is missing; what the platform calls 000000000000000a"),
        (
            "dev_eui,id\n000000000000000a,x\n00-00-00-00-00-00-00-0A,y\n",
            "line 3: dev_eui: 000000000000000a stands there",
        ),
        ("dev_eui,id\n000000000000000a/,x\n", "line 2: dev_eui: '000000000000000a/' ends with a slash"),
        (
            "dev_eui,id\n000000000000000a/low,x\n00-00-00-00-00-00-00-0A/low,y\n",
            "line 3: dev_eui: 000000000000000a/low stands there",
        ),
    ],
)
def test_what_is_wrong_with_the_table_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.setattr("gateway.formats.catalogue.FORMATS", {"ngsi_ld": WithIds})
    connect(tmp_path, "kalmar", 'url = "https://x.example"\nids_file = "ids.csv"\n', ids__csv=text)

    (problem,) = problems(tmp_path, CITY.format("kalmar"))

    assert problem.startswith("cities/kalmar.toml: ids_file: ids.csv")
    assert words in problem


def test_a_format_that_has_a_rule_for_names_takes_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.formats.catalogue.FORMATS", {"ngsi_ld": WithoutIds})
    connect(tmp_path, "kalmar", 'url = "https://x.example"\nids_file = "ids.csv"\n', ids__csv="dev_eui,id\n")

    (problem,) = problems(tmp_path, CITY.format("kalmar"))

    assert "ids_file: ngsi_ld has no ids: it has a rule of its own" in problem


class WithIds:
    """A format that calls devices as it is told."""

    def __init__(self, *, ids: dict[str, str] = {}) -> None:  # noqa: B006 - a default that is only read
        self.ids = ids


class WithoutIds:
    """A format that has a rule."""


# ── whose file is wrong ──


@pytest.mark.parametrize(
    ("connection", "own", "problem"),
    [
        ('url = "ftp://x"\n', "", "cities/kalmar.toml: url: 'ftp://x' is none of mqtt://"),
        ('url = "https://x.example"\nbacth = 3\n', "", "cities/kalmar.toml: bacth: there is no such key"),
        (
            'url = "https://x.example"\n[options]\nlate = "never"\n',
            "",
            "cities/kalmar.toml: options.late: 'never'",
        ),
        ('url = "https://x.example"\n[options]\ntennant = "x"\n', "", "cities/kalmar.toml: options.tennant: "),
        ('url = "https://x.example"\n', 'password = "x"\n', "brygga.toml: destination[0].username: is missing"),
        ('url = "https://x.example"\n', "batch = 0\n", "brygga.toml: destination[0].batch: 0 where a whole number"),
        ('url = "https://x.example"\ntoken_file = "no"\n', "", "/cities/no: cannot be read: No such file"),
        ('tags = ["x"]\n', "", "cities/kalmar.toml: tags: belongs to the [[destination]] in brygga.toml"),
        ("url = \n", "", "cities/kalmar.toml: not TOML: "),
        ("batch = 3\n", "", "destination[0].city: cities/kalmar.toml names no url; `brygga city connect kalmar --url"),
    ],
)
def test_a_problem_names_the_file_that_its_key_stands_in(
    tmp_path: Path, connection: str, own: str, problem: str
) -> None:
    connect(tmp_path, "kalmar", connection)

    found = problems(tmp_path, CITY.format("kalmar") + own)

    assert any(problem in one for one in found), found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("city", "words"),
    [
        ("lund", "'lund' is not connected: cities/lund.toml is not there; `brygga city connect lund` makes it"),
        ("gotenborg", "'gotenborg' is not connected: cities/gotenborg.toml is not there; did you mean 'goteborg'?"),
        ("a/b", "'a/b' is no city's name"),
    ],
)
def test_a_city_that_is_not_connected_says_what_to_do(tmp_path: Path, city: str, words: str) -> None:
    (problem, *more) = [one for one in problems(tmp_path, CITY.format(city)) if "is missing" not in one]

    assert problem.startswith("brygga.toml: destination[0].city: ")
    assert words in problem
    assert more == []


def test_a_profile_of_ones_own_that_is_wrong_keeps_its_own_city_alone_from_being_told(folder: Path) -> None:
    (folder / "cities" / "profiles").mkdir()
    (folder / "cities" / "profiles" / "lund.toml").write_text("name = 3\n", encoding="utf-8")

    at_kalmar = settings(folder, CITY.format("kalmar"))
    at_lund = problems(folder, CITY.format("lund"))

    assert [one.name for one in at_kalmar.destinations] == ["water@kalmar"]
    assert any(one.startswith("cities/profiles/lund.toml: name: 3: ") for one in at_kalmar.warnings)
    assert at_lund[0].startswith("cities/profiles/lund.toml: name: 3: ")


def test_a_connection_with_a_password_that_every_user_can_read_is_warned_of(tmp_path: Path) -> None:
    connect(tmp_path, "kalmar", 'url = "https://x.example"\nusername = "u"\npassword = "p"\n')
    (tmp_path / "cities" / "kalmar.toml").chmod(0o644)

    (warning,) = settings(tmp_path, CITY.format("kalmar")).warnings

    assert warning.startswith("cities/kalmar.toml: password: every user can read it; chmod o-r ")


def test_a_name_with_an_at_sign_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, '[[destination]]\nname = "a@b"\nurl = "mqtt://127.0.0.1"\nformat = "senml"\n')

    assert "destination[0].name: 'a@b' has an @ in it" in problem


# ── every other city that is connected ──


def test_a_destination_is_ready_for_what_waits_for_every_other_city(folder: Path) -> None:
    connect(folder, "lulea", 'url = "https://iot.lulea.example"\n')
    connect(folder, "karlskrona", 'url = "mqtt://127.0.0.1"\nclient_id = "one-at-a-time"\nbatch = 9\n')

    found = settings(folder, CITY.format("kalmar") + "batch = 3\n[destination.share]\npositions = 'none'\n")

    former = {one.name: one for one in found.former}
    assert sorted(former) == ["water@karlskrona", "water@lulea"]
    karlskrona = former["water@karlskrona"]
    assert isinstance(karlskrona.platform, Broker)
    assert karlskrona.platform.client_id == "brygga-g-water-karlskrona"
    assert karlskrona.share.positions is Positions.NONE
    assert karlskrona.batch == 3
    assert found.warnings == ()


def test_what_a_destination_says_of_the_way_to_its_city_is_not_said_to_another(folder: Path) -> None:
    connect(folder, "lulea", 'url = "https://iot.lulea.example"\n')
    text = CITY.format("kalmar") + 'url = "https://kalmar.example"\ntoken = "of kalmar"\n'

    (former,) = settings(folder, text).former

    assert isinstance(former.platform, Service)
    assert (str(former.platform.endpoint), former.platform.login) == ("https://iot.lulea.example", None)


def test_the_rules_of_one_citys_connection_are_not_those_of_another(tmp_path: Path) -> None:
    connect(tmp_path, "kalmar", 'url = "https://x.example"\nbatch = 5\n[share]\npersonal = true\n')
    connect(tmp_path, "lulea", 'url = "https://iot.lulea.example"\n')

    found = settings(tmp_path, CITY.format("kalmar"))

    assert (found.destinations[0].share.personal, found.destinations[0].batch) == (True, 5)
    assert (found.former[0].share.personal, found.former[0].batch) == (False, 100)


def test_another_city_that_is_wrong_is_warned_of_and_keeps_nobody_from_work(folder: Path) -> None:
    connect(folder, "lulea", 'url = "ftp://x"\n')
    connect(folder, "umea", "url =\n")

    found = settings(folder, CITY.format("kalmar"))

    assert found.former == ()
    first, second = found.warnings
    assert first.startswith("cities/lulea.toml: url: 'ftp://x' is none of")
    assert first.endswith("; what waits for lulea, if anything, waits on")
    assert second.startswith("cities/umea.toml: not TOML")


def test_a_former_city_whose_client_the_present_one_is_does_not_fight_it_for_the_connection(tmp_path: Path) -> None:
    text = 'url = "mqtts://127.0.0.1"\nformat = "aws_iot"\n[options]\nthing = "roof"\n'
    connect(connect(tmp_path, "kalmar", text), "lulea", text)

    found = settings(tmp_path, CITY.format("kalmar"))

    assert found.former == ()
    assert "cities/lulea.toml: 'roof' is a client of mqtts://127.0.0.1 already, for another city" in found.warnings[0]


# ── sharing ──


def test_what_is_shared_is_read_whole(folder: Path) -> None:
    text = """[destination.share]
quantities = ["co2", "latitude"]
without = ["air_temperature"]
positions = "rounded"
decimals = 3
name = "kalmar/{name}"
entity = ""
personal = true
"""

    (destination,) = settings(folder, CITY.format("kalmar") + text).destinations

    assert destination.share == Share(
        quantities=frozenset({"co2", "latitude"}),
        without=frozenset({"air_temperature"}),
        positions=Positions.ROUNDED,
        decimals=3,
        name="kalmar/{name}",
        entity="",
        personal=True,
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('quantities = ["co22"]', "share.quantities: 'co22' is no quantity of the vocabulary; did you mean 'co2'?"),
        ('positions = "near"', 'share.positions: \'near\' where "exact", "rounded" or "none" is expected'),
        ("decimals = 9", "share.decimals: 9 where a whole number from 0 to 5 is expected"),
        ('name = "{street}"', "share.name: '{street}': {street} is nothing that is known of a device"),
        ('quantities = ["co2"]\nwithout = ["co2"]', "share.without: 'co2' stands in quantities, too"),
        ("privat = true", "share.privat: there is no such key"),
    ],
)
def test_what_is_wrong_with_a_sharing_rule_is_said(folder: Path, line: str, words: str) -> None:
    (problem,) = problems(folder, CITY.format("kalmar") + f"[destination.share]\n{line}\n")

    assert problem.startswith(f"brygga.toml: destination[0].{words}")
