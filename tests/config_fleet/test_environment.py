"""Variables and credentials in a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.transports.secret import Secret
from gateway.transports.service import Bearer, Service
from tests.config_fleet.boxes import CITY, SOURCE, Folder

CLOUD = '[[destination]]\nname = "cloud"\nurl = "https://cloud.example"\nformat = "ngsi_ld"\n'


def test_a_variable_is_filled_in_wherever_a_text_stands(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE", "torget")
    folder.write("brygga.toml", '[gateway]\nname = "roof-${SITE}"\n' + SOURCE + CITY + 'tags = ["${SITE}", "water"]\n')

    settings = folder.settings()

    assert settings.gateway.name == "roof-torget"
    assert settings.destinations[0].selection.tags == {"torget", "water"}


@pytest.mark.parametrize(
    ("written", "name"),
    [("${UNSET:-roof}", "roof"), ("a$${UNSET}", "a${UNSET}"), ("${SET:-roof}", "mast"), ("${EMPTY:-roof}", "roof")],
)
def test_a_default_and_the_signs_themselves(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, written: str, name: str
) -> None:
    monkeypatch.setenv("SET", "mast")
    monkeypatch.setenv("EMPTY", "")
    folder.write("brygga.toml", f'[gateway]\nname = "{written}"\n' + SOURCE)

    assert folder.settings().gateway.name == name


def test_a_number_and_a_truth_come_from_variables_where_they_are_expected(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "1701")
    monkeypatch.setenv("PERSONAL", "true")
    monkeypatch.setenv("RETRY", "7.5")
    own = SOURCE + 'port = "${PORT}"\n' + CITY + 'retry_max_s = "${RETRY}"\nshare = { personal = "${PERSONAL}" }\n'
    folder.write("brygga.toml", '[gateway]\nname = "${PORT}"\n' + own)

    settings = folder.settings()

    assert settings.gateway.name == "1701"
    assert getattr(settings.sources[0], "port", None) == 1701
    assert (settings.destinations[0].retry_max_s, settings.destinations[0].share.personal) == (7.5, True)


def test_what_is_no_number_is_said_as_it_is(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    folder.write("brygga.toml", SOURCE + 'port = "${PORT}"\n')

    assert folder.problems() == (
        "brygga.toml: source[0].port: 'many' where a whole number from 0 (any that is free) to 65535 is expected",
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("${NOWHERE}", "the variable NOWHERE is not set; set it in brygga.env, or say ${NOWHERE:-value}"),
        ("${a b}", "what begins at character 1 is no variable; ${NAME} is one, $${ is a text's own ${"),
        ("${OPEN", "what begins at character 1 is no variable"),
    ],
)
def test_a_variable_that_is_not_there_is_a_problem_with_its_place(folder: Folder, written: str, words: str) -> None:
    folder.write("brygga.d/10-x.toml", CITY + f'[destination.headers]\nX = "{written}"\n')

    (problem,) = folder.problems()

    assert problem.startswith(f"brygga.d/10-x.toml: destination[0].headers.X: {words}")


def test_what_is_no_variable_is_not_shown_for_it_may_be_a_password(folder: Folder) -> None:
    folder.write("brygga.toml", SOURCE + CLOUD + 'token = "abc${hunter2"\n')

    (problem,) = folder.problems()

    assert problem.startswith("brygga.toml: destination[0].token: what begins at character 4 is no variable")
    assert "hunter2" not in problem


def test_variables_of_a_file_hold_for_the_service_and_for_commands(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("brygga.env", '# of this box\nNAME="roof 7"\nexport KIND=senml\nOWN=file\n')
    folder.write("brygga.toml", '[gateway]\nname = "${NAME} ${OWN}"\n' + SOURCE + CITY.replace("senml", "${KIND}"))
    monkeypatch.setenv("OWN", "process")

    assert folder.settings().gateway.name == "roof 7 process"


def test_a_line_that_is_no_variable_is_named_and_not_shown(folder: Folder) -> None:
    folder.write("brygga.env", "NAME=roof\nhunter2\n")

    assert folder.problems() == ("brygga.env line 2: NAME=value is expected",)


def test_a_citys_connection_may_name_variables_too(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORM", "https://iot.lund.example")
    folder.write("cities/lund.toml", 'url = "${PLATFORM}"\ntoken = "${TOKEN}"\n')
    folder.write("brygga.toml", SOURCE + '[[destination]]\nname = "w"\ncity = "lund"\n')

    assert folder.problems() == (
        "cities/lund.toml: token: the variable TOKEN is not set; set it in brygga.env, or say ${TOKEN:-value} where it may be absent",
    )


def test_a_secret_of_a_variable_is_open_to_nobody(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hemligt")
    folder.write("brygga.toml", SOURCE + CLOUD + 'token = "${TOKEN}"\n').chmod(0o644)

    settings = folder.settings()

    assert not [one for one in settings.warnings if "every user" in one]
    assert isinstance(settings.destinations[0].platform, Service)
    assert settings.destinations[0].platform.login == Bearer(Secret("hemligt"))


def test_a_file_that_is_not_there_may_be_a_credential_of_systemd(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "cloud.token").write_text("hemligt\n", encoding="utf-8")
    (credentials / "cloud.token").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    folder.write("brygga.toml", SOURCE + CLOUD + 'token_file = "cloud.token"\n')

    settings = folder.settings()

    assert isinstance(settings.destinations[0].platform, Service)
    assert settings.destinations[0].platform.login == Bearer(Secret("hemligt"))
    assert any("token_file: cloud.token is the credential" in one for one in settings.notes)


def test_a_file_beside_the_configuration_goes_before_a_credential(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "cloud.token").write_text("of systemd\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    folder.write("cloud.token", "own\n")
    folder.write("brygga.toml", SOURCE + CLOUD + 'token_file = "cloud.token"\n')

    (destination,) = folder.settings().destinations

    assert isinstance(destination.platform, Service)
    assert destination.platform.login == Bearer(Secret("own"))
    assert len(folder.settings().notes) == 0
