"""A destination's order, bound, patience and words, as the configuration says them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import DestinationSettings
from tests.agent.brygga_toml import HTTP, MQTT, SOURCE, loaded, problems

JSON = MQTT.replace("senml", "json")


def only(folder: Path, section: str) -> DestinationSettings:
    (found,) = loaded(folder, SOURCE + section).destinations
    return found


@pytest.mark.parametrize(
    ("section", "strict", "per_s"),
    [
        (MQTT, False, 20.0),
        (HTTP, True, 0.0),
        (HTTP + 'order = "live_first"\n', False, 20.0),
        (HTTP + '[destination.options]\nlate = "temporal"\n', False, 20.0),
        (MQTT + 'order = "strict"\n', True, 0.0),
        (MQTT + "backlog_per_s = 0\n", False, 0.0),
        (HTTP + "backlog_per_s = 2.5\n", True, 2.5),
    ],
)
def test_order_and_bound_are_the_formats_unless_they_are_written(
    tmp_path: Path, section: str, *, strict: bool, per_s: float
) -> None:
    found = only(tmp_path, section)

    assert (found.strict, found.backlog_per_s) == (strict, per_s)


def test_nobody_has_to_say_how_long_he_waits_nor_take_an_uncertain_time(tmp_path: Path) -> None:
    usual, other = only(tmp_path, MQTT), only(tmp_path, JSON + 'give_up = "90 d"\nuncertain_time = true\n')

    assert (usual.give_up, usual.uncertain_time) == (None, False)
    assert (other.give_up, other.uncertain_time) == (timedelta(days=90), True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('order = "newest"', 'order: \'newest\' where "live_first" or "strict" is expected'),
        ("backlog_per_s = -1", "backlog_per_s: -1 where a number of uplinks a second, 0 for no bound is expected"),
        ('give_up = "10 min"', "give_up: 600 s is less than an hour, which any outage lasts; '90 d' is a time"),
        ("give_up = 90", "give_up: 90 has no unit; '90 d' has one"),
        ("uncertain_time = true", "uncertain_time: senml has no word for it"),
        ('uncertain_time = "yes"', "uncertain_time: 'yes' where true or false is expected"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(tmp_path: Path, line: str, words: str) -> None:
    (problem,) = problems(tmp_path, SOURCE + MQTT + line + "\n")

    assert words in problem


def test_who_takes_an_uncertain_time_gets_what_was_held_for_want_of_one(tmp_path: Path) -> None:
    assert only(tmp_path, JSON).words != only(tmp_path, JSON + "uncertain_time = true\n").words


WORDS = 'username = "roof"\npassword_file = "secret"\n'


@pytest.mark.parametrize(
    ("section", "is_other"),
    [
        (MQTT + WORDS, False),
        (MQTT + WORDS + "window = 5\nbatch = 7\nretry_max_s = 5\ntags = ['water']\n", False),
        (MQTT + WORDS.replace("secret", "renewed"), False),
        (MQTT + WORDS + 'mqtt_version = "3.1.1"\n', True),
        (MQTT + WORDS.replace("roof", "mast"), True),
        (MQTT.replace("127.0.0.1", "localhost") + WORDS, True),
        (MQTT.replace("senml", "json") + WORDS, True),
        (MQTT + WORDS + '[destination.options]\ntopic = "other/{dev_eui}"\n', True),
        (MQTT + WORDS + "[destination.share]\nwithout = ['co2']\n", True),
    ],
)
def test_other_words_are_another_digest_and_another_secret_is_not(
    tmp_path: Path, section: str, *, is_other: bool
) -> None:
    for name, text in (("secret", "first"), ("renewed", "second")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)

    before, after = only(tmp_path, MQTT + WORDS), only(tmp_path, section)

    assert (after.words != before.words) is is_other


def test_a_mapping_that_names_a_device_anew_is_other_words(tmp_path: Path) -> None:
    section = MQTT.replace("senml", "thingsboard") + 'username = "token"\nids_file = "ids.csv"\n'
    (tmp_path / "ids.csv").write_text("dev_eui,id\na81758fffe051d02,torget\n", encoding="utf-8")
    before = only(tmp_path, section).words
    (tmp_path / "ids.csv").write_text("dev_eui,id\na81758fffe051d02,stortorget\n", encoding="utf-8")

    assert only(tmp_path, section).words != before
