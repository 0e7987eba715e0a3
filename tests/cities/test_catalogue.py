"""The catalogue: every city that was asked for, each fact with its source, and profiles of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.cities.catalogue import Catalogue
from gateway.cities.profile import GENERIC, OF_A_PROFILE, Sure
from gateway.cities.slugs import slug
from gateway.config.keys import DestinationKeys
from gateway.errors import ConfigError
from gateway.formats import catalogue as formats

CITIES = """Göteborg 1480 ngsi_ld_merge, Malmö 1280 yggio, Lund 1281 yggio, Karlskrona 1080 generic, Kalmar 0880 generic,
Stockholm 0180 generic, Uppsala 0380 generic, Hudiksvall 2184 generic, Umeå 2480 generic, Skellefteå 2482 generic,
Ängelholm 1292 generic, Örebro 1880 generic, Helsingborg 1283 yggio, Halmstad 1380 generic, Sundsvall 2281 diwise,
Linköping 0580 generic, Eskilstuna 0484 generic, Västerås 1980 generic, Katrineholm 0483 generic"""

BORAS = 'name = "Borås"\nkind = "yggio"\ncode = "1490"\n[[ask]]\nen = "Who?"\nsv = "Vem?"\n'


@pytest.fixture(scope="module")
def built_in() -> Catalogue:
    return Catalogue.load()


def own(folder: Path, text: str, name: str = "boras.toml") -> Path:
    (folder / "cities" / "profiles").mkdir(parents=True, exist_ok=True)
    (folder / "cities" / "profiles" / name).write_text(text, encoding="utf-8")
    return folder


def test_every_city_is_there_with_its_platform(built_in: Catalogue) -> None:
    known = {(one.name, one.code, one.kind) for one in built_in.profiles.values()}

    assert known == {tuple(one.split()) for one in CITIES.split(",")}


def test_a_profile_is_filed_under_its_citys_short_name(built_in: Catalogue) -> None:
    assert all(slug(one.name) == name == one.slug for name, one in built_in.profiles.items())


def test_what_is_known_has_a_source_and_what_is_not_says_so(built_in: Catalogue) -> None:
    for profile in built_in.profiles.values():
        assert profile.known
        assert all(one.source for one in profile.known if one.sure is not Sure.UNKNOWN), profile.slug
        assert profile.platform or built_in.kind(profile).name == GENERIC


def test_no_city_that_nobody_knows_the_platform_of_claims_one(built_in: Catalogue) -> None:
    for profile in built_in.profiles.values():
        is_told = any(one.about == "platform" and one.sure is not Sure.UNKNOWN for one in profile.known)
        assert is_told or profile.kind == GENERIC


def test_every_format_that_can_be_chosen_has_a_kind_of_platform(built_in: Catalogue) -> None:
    said = {table["format"] for kind in built_in.kinds.values() for table in kind.ways.values()}

    assert said >= formats.FORMATS.keys()


def test_the_words_of_a_kind_can_be_made_and_go_its_ways(built_in: Catalogue) -> None:
    for kind in built_in.kinds.values():
        for way, table in kind.ways.items():
            options = table.get("options", {})
            formats.make(table["format"], options)
            schemes = [one for one in formats.WAYS[table["format"]] if one.startswith(way)]
            assert schemes, kind.name
            assert [formats.misfit(table["format"], options, one) for one in schemes] == [""] * len(schemes), kind.name


def test_a_city_that_is_not_there_gets_the_generic_profile(built_in: Catalogue) -> None:
    profile = built_in.profile("upplands-vasby")

    assert (profile.name, profile.kind, profile.known) == ("Upplands Vasby", GENERIC, ())


def test_a_profile_of_ones_own_is_a_city_more_or_takes_anothers_place(tmp_path: Path) -> None:
    own(tmp_path, BORAS)
    own(tmp_path, BORAS.replace("Borås", "Lund"), "lund.toml")

    loaded = Catalogue.load(tmp_path)

    assert (loaded.profile("boras").name, loaded.kind(loaded.profile("boras")).name) == ("Borås", "yggio")
    assert loaded.profile("lund").code == "1490"
    assert len(loaded.profiles) == 20


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("name = 1", "boras.toml", "cities/profiles/boras.toml: name: 1: input should be a valid string"),
        ('name = "B"', "boras.toml", "cities/profiles/boras.toml: kind: is missing"),
        (BORAS + "[x]\n", "boras.toml", "cities/profiles/boras.toml: x: there is no such key in a profile"),
        (BORAS.replace('en = "Who?"', ""), "boras.toml", "cities/profiles/boras.toml: ask[0].en: is missing"),
        (BORAS.replace("yggio", "yggdrasil"), "boras.toml", "boras.toml: kind: 'yggdrasil' is none of aws_iot"),
        (BORAS, "Borås.toml", "a profile's file is called as its city, in small letters: goteborg.toml"),
        ("name =", "boras.toml", "cities/profiles/boras.toml: not TOML"),
        (
            BORAS.replace("Borås", r"Borås\nurl = 'https://elsewhere.example'"),
            "boras.toml",
            r"""boras.toml: name: "Borås\nurl = 'https://elsewhere.example'": holds what is no printable character""",
        ),
        (
            BORAS.replace("Who?", r"\u001b[31mWho?"),
            "boras.toml",
            r"ask[0].en: '\x1b[31mWho?': holds what is no printable",
        ),
    ],
)
def test_a_profile_that_is_wrong_is_named_and_costs_its_own_city_alone(
    tmp_path: Path, text: str, name: str, problem: str
) -> None:
    loaded = Catalogue.load(own(tmp_path, text, name))

    assert any(problem in one for one in loaded.problems)
    assert loaded.profile("lund").name == "Lund"
    if name == "boras.toml":
        with pytest.raises(ConfigError, match=re.escape(problem)):
            loaded.profile("boras")


def test_a_wrong_profile_is_not_replaced_by_the_one_that_it_stood_for(tmp_path: Path) -> None:
    loaded = Catalogue.load(own(tmp_path, "name = 1", "lund.toml"))

    with pytest.raises(ConfigError, match=r"cities/profiles/lund.toml: name: 1"):
        loaded.profile("lund")


def test_a_file_that_is_no_text_is_told_of_as_that(tmp_path: Path) -> None:
    own(tmp_path, "", "boras.toml").joinpath("cities", "profiles", "boras.toml").write_bytes(b"\xff")

    (problem,) = Catalogue.load(tmp_path).problems

    assert problem.startswith("cities/profiles/boras.toml: cannot be read as UTF-8 text")


# ── what a profile may say of destinations ──


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("url", 'url = "https://elsewhere.example"'),
        ("token_file", 'token_file = "../lund.token"'),
        ("password_file", 'password_file = "/etc/brygga/cities/lund.password"'),
        ("password", 'password = "x"'),
        ("ids_file", 'ids_file = "lund-ids.csv"'),
        ("username", 'username = "roof"'),
        ("client_id", 'client_id = "roof"'),
        ("headers", 'headers = { X-Forward = "https://elsewhere.example" }'),
        ("tls", "tls = { insecure = true }"),
        ("share", "share = { personal = true }"),
        ("commands", 'commands = { topic = "down/#", state_topic = "up" }'),
        ("tags", 'tags = ["other"]'),
        ("dev_euis", 'dev_euis = ["a81758fffe03abcd"]'),
        ("begin", 'begin = "oldest"'),
        ("name", 'name = "x"'),
        ("city", 'city = "lund"'),
        ("give_up", 'give_up = "1 h"'),
        ("status_topic", 'status_topic = "x"'),
        ("options.ids", 'options = { ids = { a81758fffe03abcd = "x" } }'),
        ("options.datastreams", 'options = { datastreams = { "a81758fffe03abcd/co2" = 5 } }'),
    ],
)
def test_a_profile_that_anyone_may_have_written_says_nothing_that_is_the_installers(
    tmp_path: Path, key: str, line: str
) -> None:
    loaded = Catalogue.load(own(tmp_path, f"{BORAS}\n[destination]\n{line}\n"))

    (problem,) = loaded.problems
    assert problem.startswith(f"cities/profiles/boras.toml: destination.{key}: is the installer's, not a profile's")
    assert problem.endswith("it belongs into cities/boras.toml or [[destination]]")


def test_what_a_profile_may_say_are_keys_of_a_destination() -> None:
    assert DestinationKeys.model_fields.keys() >= OF_A_PROFILE
    assert not OF_A_PROFILE & {key for key in DestinationKeys.model_fields if key.endswith("_file")}


def test_a_profile_says_how_its_platform_is_told(tmp_path: Path) -> None:
    told = '[destination]\nmqtt_version = "3.1.1"\nbatch = 5\norder = "strict"\n[destination.options]\ntries = 3\n'

    profile = Catalogue.load(own(tmp_path, f"{BORAS}\n{told}")).profile("boras")

    assert profile.destination == {"mqtt_version": "3.1.1", "batch": 5, "order": "strict", "options": {"tries": 3}}
