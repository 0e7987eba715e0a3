"""A configuration in several files: which of them counts, and whose a problem is."""

from __future__ import annotations

import pytest

from gateway.sharing import Positions
from gateway.transports.broker import Broker
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Service
from tests.config_fleet.boxes import CITY, SOURCE, Folder


def test_a_fleets_fragments_hold_until_the_box_says_otherwise(folder: Folder) -> None:
    folder.write(
        "brygga.d/10-fleet.toml", '[gateway]\nname = "fleet"\ndata = "/srv/brygga"\n[journal]\nlimit = "2 GB"\n'
    )
    folder.write("brygga.toml", '[gateway]\nname = "roof"\n' + SOURCE)

    settings = folder.settings()

    assert settings.gateway.name == "roof"
    assert str(settings.gateway.data) == "/srv/brygga"
    assert settings.journal.limit_bytes == 2 * 10**9


def test_of_fragments_the_last_name_counts(folder: Folder) -> None:
    folder.write("brygga.d/20-site.toml", '[gateway]\nname = "site"\n')
    folder.write("brygga.d/10-fleet.toml", '[gateway]\nname = "fleet"\n')

    assert folder.settings().gateway.name == "site"


def test_only_names_that_end_in_toml_are_read(folder: Folder) -> None:
    for name in (".hidden.toml", "50-fleet.toml.before", "README", "x.toml~"):
        folder.write(f"brygga.d/{name}", "no TOML at all")

    assert folder.settings().sources[0].name == "mast"


def test_sections_of_a_list_are_appended(folder: Folder) -> None:
    folder.write("brygga.d/10-city.toml", CITY)
    folder.write("brygga.toml", SOURCE + CITY.replace('"city"', '"archive"').replace("mq.", "mq2."))

    assert [one.name for one in folder.settings().destinations] == ["city", "archive"]


def test_a_section_of_the_same_name_is_the_same_section(folder: Folder) -> None:
    folder.write("brygga.d/10-city.toml", CITY + "batch = 50\n[destination.share]\npersonal = true\n")
    folder.write(
        "brygga.toml", SOURCE + '[[destination]]\nname = "city"\nbatch = 10\n[destination.share]\npositions = "none"\n'
    )

    (city,) = folder.settings().destinations

    assert isinstance(city.platform, Broker)
    assert (city.platform.endpoint.host, city.batch) == ("mq.city.example", 10)
    assert (city.share.personal, city.share.positions) == (True, Positions.NONE)


def test_another_kind_of_credential_leaves_nothing_of_the_fleets_behind(folder: Folder) -> None:
    folder.write(
        "brygga.d/10-city.toml",
        '[[destination]]\nname = "city"\nurl = "https://city.example"\nformat = "ngsi_ld"\ntoken = "of the fleet"\n',
    )
    folder.write(
        "brygga.toml", SOURCE + '[[destination]]\nname = "city"\napi_key_header = "X-Key"\napi_key_file = "key"\n'
    )
    folder.write("key", "own\n")

    (city,) = folder.settings().destinations

    assert isinstance(city.platform, Service)
    assert city.platform.login == ApiKey("X-Key", Secret("own"))


def test_the_same_name_twice_in_one_file_is_a_problem_still(folder: Folder) -> None:
    folder.write("brygga.d/10-city.toml", CITY + CITY)

    assert folder.problems()[0] == (
        "brygga.d/10-city.toml: destination[1].name: 'city' is a destination already: destination[0]; each has its own"
    )


@pytest.mark.parametrize(
    ("fragment", "own", "problem"),
    [
        (
            '[gateway]\nnam = "x"\n',
            '[gateway]\nname = "roof"\n' + SOURCE,
            "brygga.d/10-x.toml: gateway.nam: there is no such key; did you mean 'name'?",
        ),
        (
            CITY,
            SOURCE + '[[destination]]\nname = "b"\nformat = "senml"\n[[destination]]\nname = "city"\nbatch = 0\n',
            "brygga.toml: destination[1].batch: 0 where a whole number from 1 to 1000 is expected",
        ),
        (
            CITY + "batch = 0\n",
            SOURCE + '[[destination]]\nname = "city"\nretry_max_s = 5.0\n',
            "brygga.d/10-x.toml: destination[0].batch: 0 where a whole number from 1 to 1000 is expected",
        ),
        (
            '[[destination]]\nname = "a"\nurl = "https://a.example"\nformat = "ngsi_ld"\n[destination.tls]\nca_file = "no"\n',
            SOURCE,
            "destination[0].tls.ca_file",
        ),
        ("[gatewa]\n", SOURCE, "brygga.d/10-x.toml: gatewa: there is no such section"),
        ("source = 1\n", "", "brygga.d/10-x.toml: source: 1 where a list of sections is expected"),
        ("x = \n", SOURCE, "brygga.d/10-x.toml line 1, column 5: not TOML: invalid value"),
        (
            SOURCE,
            '[[source]]\nname = "second"\ntype = "semtech_udp"\n',
            "brygga.toml: source[0].port: source[0] in brygga.d/10-x.toml listens on 1700 already; give each its own port",
        ),
        (
            '[[destination]]\nname = "w"\ncity = "nowhere-at-all"\n',
            SOURCE,
            "brygga.d/10-x.toml: destination[0].city: 'nowhere-at-all' is not connected",
        ),
    ],
    ids=["single", "appended", "below", "nested", "section", "list", "syntax", "other", "city"],
)
def test_a_problem_names_the_file_that_it_is_in_and_its_place_there(
    folder: Folder, fragment: str, own: str, problem: str
) -> None:
    folder.write("brygga.d/10-x.toml", fragment)
    folder.write("brygga.toml", own)

    problems = folder.problems()

    assert any(problem in one for one in problems), problems
    assert all(one.startswith(("brygga.toml", "brygga.d/10-x.toml")) for one in problems)


def test_a_citys_file_names_the_fragment_that_has_the_destination(folder: Folder) -> None:
    folder.write("cities/lund.toml", 'url = "ftp://lund.example"\n')
    folder.write("brygga.d/10-x.toml", '[[destination]]\nname = "w"\ncity = "lund"\n')

    (problem,) = folder.problems()

    assert problem.startswith("cities/lund.toml: url: 'ftp://lund.example' is none of ")
    assert problem.endswith(" (for destination[0] in brygga.d/10-x.toml)")


def test_all_files_that_are_wrong_are_named_at_once(folder: Folder) -> None:
    folder.write("brygga.d/10-a.toml", "a = \n")
    folder.write("brygga.d/20-b.toml", "b = \n")

    assert [one.partition(" line")[0] for one in folder.problems()] == ["brygga.d/10-a.toml", "brygga.d/20-b.toml"]


def test_a_warning_is_about_the_file_that_holds_the_secret(folder: Folder) -> None:
    city = '[[destination]]\nname = "a"\nurl = "https://a.example"\nformat = "ngsi_ld"\ntoken = "of the fleet"\n'
    fragment = folder.write("brygga.d/10-x.toml", city)
    fragment.chmod(0o644)

    warnings = folder.settings().warnings

    assert f"brygga.d/10-x.toml: destination[0].token: every user can read it; chmod o-r {fragment}" in warnings[-1]
