"""One layer of keys over another: what wins, what goes as a whole, and where each key was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.cities.layers import Layer, Layered, Origin, layered, with_paths

PROFILE, CONNECTION = Origin("the profile", None), Origin("cities/lund.toml", Path("cities/lund.toml"))


def three(profile: dict[str, Any], connection: dict[str, Any], own: dict[str, Any]) -> Layered:
    return layered([Layer(profile, PROFILE), Layer(connection, CONNECTION), Layer(own, None)])


def test_the_destination_wins_over_the_connection_and_that_over_the_profile() -> None:
    whole = three({"batch": 1, "window": 1, "format": "x"}, {"batch": 2, "window": 2}, {"batch": 3})

    assert whole.table == {"format": "x", "window": 2, "batch": 3}
    assert (whole.origin("format"), whole.origin("window"), whole.origin("batch")) == (PROFILE, CONNECTION, None)


def test_tables_are_put_together_key_by_key() -> None:
    whole = three(
        {"options": {"late": "skip", "tenant": "a"}}, {"options": {"tenant": "b"}}, {"options": {"path": "/"}}
    )

    assert whole.table["options"] == {"late": "skip", "tenant": "b", "path": "/"}
    assert [whole.origin(f"options.{one}") for one in ("late", "tenant")] == [PROFILE, CONNECTION]
    assert whole.origin("batch[0]") is None


def test_what_is_written_in_a_section_of_its_own_is_its_own() -> None:
    whole = three({}, {"options": {"tenant": "b"}}, {"options": {"tenant": "c"}})

    assert whole.origin("options.tenant") is None


def test_another_format_has_other_options() -> None:
    whole = three(
        {"format": "ngsi_ld", "options": {"way": "merge"}}, {}, {"format": "senml", "options": {"topic": "t"}}
    )

    assert whole.table == {"format": "senml", "options": {"topic": "t"}}
    assert whole.origin("options.topic") is None


def test_the_same_format_keeps_them() -> None:
    whole = three({"format": "ngsi_ld", "options": {"way": "merge"}}, {}, {"format": "ngsi_ld"})

    assert whole.table["options"] == {"way": "merge"}


@pytest.mark.parametrize(
    ("below", "above", "left"),
    [
        ({"username": "u", "password_file": "p"}, {"token_file": "t"}, {"token_file": "t"}),
        ({"username": "u", "password_file": "p"}, {"password": "x"}, {"username": "u", "password": "x"}),
        ({"token": "t"}, {"token_file": "f"}, {"token_file": "f"}),
        ({"token_file": "f"}, {"batch": 1}, {"token_file": "f", "batch": 1}),
        (
            {"api_key_header": "X", "api_key_file": "k"},
            {"username": "u", "password": "p"},
            {"username": "u", "password": "p"},
        ),
    ],
)
def test_another_credential_leaves_nothing_of_the_lower_one(
    below: dict[str, str], above: dict[str, str], left: dict[str, str]
) -> None:
    assert three({}, below, above).table == left


def test_a_file_that_a_connection_names_lies_beside_the_connection() -> None:
    table = {"token_file": "lund.token", "tls": {"ca_file": "/etc/ca.pem", "key_file": "our.key"}, "url": "x"}

    assert with_paths(table, Path("/etc/brygga/cities")) == {
        "token_file": "/etc/brygga/cities/lund.token",
        "tls": {"ca_file": "/etc/ca.pem", "key_file": "/etc/brygga/cities/our.key"},
        "url": "x",
    }
