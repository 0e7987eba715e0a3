"""Answers as a file: every problem at once, no secrets in it, a template that can be used, what was answered saved."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.setup.answers_file import Given, read, saved, template
from gateway.setup.dialogue import Dialogue, filled
from gateway.setup.questions import OF_THE_BOX
from tests.setup.roots import known
from tests.setup.test_dialogue import LABEL, answered
from tests.setup.test_rendering import ANSWERS, FOUND


def given(text: str, folder: Path = Path(), **environment: str) -> Given:
    return read(text, "a.toml", folder, OF_THE_BOX, environment)


def test_values_of_any_kind_are_taken_as_they_would_be_typed() -> None:
    text = (
        'radio = ["udp", "modem"]\npoint = true\nplace = [57.7, 11.9]\nmodem_spreading_factor = 12\ndevices = ["a.csv"]'
    )

    found = given(text)

    assert found.problems == ()
    assert found.texts == {"radio": "udp, modem", "point": "yes", "place": "57.7, 11.9", "modem_spreading_factor": "12"}
    assert found.devices == ("a.csv",)


def test_every_problem_of_the_file_is_told_at_once() -> None:
    text = (
        'nmae = "x"\ncity_password = "p"\ncity_token_env = "NOT_SET"\ncity_token_file = "no"\nplace = {}\ndevices = "x"'
    )

    problems = given(text).problems

    assert [one.partition(": ")[2] for one in problems] == [
        "nmae: there is no such question; did you mean 'name'?",
        "city_password: no secret in an answers file; city_password_file or city_password_env is right",
        "city_token_env: the environment has no NOT_SET",
        "city_token_file: no: cannot be read: No such file or directory",
        "place: a text is right",
        'devices: a list is right, such as ["devices.csv", "LW:D0:…"]',
    ]


def test_what_is_no_toml_says_where() -> None:
    (problem,) = given("radio = udp").problems

    assert problem.startswith("a.toml: not TOML:")


def test_secrets_come_from_files_beside_it_and_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "city.password").write_text("from-a-file\n")

    found = given('city_password_file = "city.password"\ncity_token_env = "TOKEN"', tmp_path, TOKEN="from-a-variable")

    assert found.texts == {"city_password": "from-a-file", "city_token": "from-a-variable"}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_template_is_a_file_of_answers_when_its_comments_are_taken_off(language: str) -> None:
    text = template(known(language=language), OF_THE_BOX)

    lines = [one.removeprefix("# ") for one in text.splitlines() if " = " in one and not one.startswith("#   ")]
    wanted = {one.id + ("_file" if one.is_secret else "") for one in OF_THE_BOX if not one.id.startswith("device")}

    assert tomllib.loads(text) == {}
    assert set(tomllib.loads("\n".join(lines))) == wanted | {"devices"}


def test_what_was_answered_answers_again(tmp_path: Path) -> None:
    done = answered(Dialogue(known(FOUND)), **ANSWERS, radio="chirpstack")
    text = saved(done)
    for name in ("server.password", "city.password", "dashboard.password"):
        (tmp_path / name).write_text("correct horse battery\n")

    found = read(text, "a.toml", tmp_path, OF_THE_BOX, {})
    again, problems = filled(Dialogue(known(FOUND)), found.texts, found.devices)

    assert (found.problems, problems) == ((), [])
    assert "secret-of" not in text
    secrets = {"server_password", "city_password", "dashboard_password"}
    assert {k: v for k, v in again.known.typed.items() if k not in secrets} == {
        k: v for k, v in done.known.typed.items() if k not in secrets
    }


def test_a_label_is_saved_without_its_key() -> None:
    dialogue = Dialogue(known())
    while (question := dialogue.next()) is not None and question.id != "device":
        dialogue = dialogue.taken(question, "")
    assert question is not None
    done = answered(dialogue.taken(question, LABEL), device_key="00112233445566778899aabbccddeeff")

    text = saved(done)

    assert tomllib.loads(text)["devices"] == ["a81758fffe0a0001"]
    assert "00112233" not in text
