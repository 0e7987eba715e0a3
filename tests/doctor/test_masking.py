"""The mask: what is secret goes however it is written, what helps stays, and identities go where that is wished."""

from __future__ import annotations

import base64
import json
import re
import time
import tomllib
from urllib.parse import quote

import pytest

from gateway.config.keys import DestinationKeys
from gateway.doctor.masking import SHOWN, Mask, shape, spellings
from gateway.doctor.standing_in import folded
from gateway.doctor.toml import written

DEVICE_KEY = "2b7e151628aed2a6abf7158809cf4f3c"


def test_no_key_that_holds_a_secret_is_shown() -> None:
    secret = {name for name, field in DestinationKeys.model_fields.items() if "Secret" in str(field.annotation)}
    written_in_place = {name for name in secret if not name.endswith("_file")}
    assert written_in_place >= {"password", "token"}
    assert SHOWN.isdisjoint({*written_in_place, "headers", "username", "body", "secret", "key", "app_key"})


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("mqtt://roof:hunter2@broker/", "hunter2"),
        ("GET https://x.example/a?key=hunter2&b=1", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2"),
        ("authorization: Basic cm9vZjpodW50ZXIy", "cm9vZjpodW50ZXIy"),
        ('{"app_key": "hunter2"}', "hunter2"),
        ("password = hunter2", "hunter2"),
        ("Environment=DATABASE=hunter2", "hunter2"),
        (f"AppKey {DEVICE_KEY}", DEVICE_KEY),
        (f"AppKey {DEVICE_KEY.upper()}", DEVICE_KEY.upper()),
        ("2B 7E 15 16 28 AE D2 A6 AB F7 15 88 09 CF 4F 3C", "2B 7E"),
        ("K34VFiiu0qar9xWICc9PPA==", "K34VFiiu0qar9xWICc9PPA"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJzdWIiOiIxIn0"),
        ("-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----", "MIGHAgEA"),
        ("$argon2id$v=19$m=65536$abc$def", "abc$def"),
        ('Environment="HOST=roof" \\\n    LUND=hunter2\nUser=brygga', "hunter2"),
        ("SetCredential=lund:hunter2", "hunter2"),
        ("brygga web password --password hunter2", "hunter2"),
        ('{"password": "say \\"hunter2\\""}', "hunter2"),
        ('tokens = ["hunter2", "hunter3"]', "hunter"),
    ],
    ids=[
        "url",
        "query",
        "bearer",
        "basic",
        "json",
        "line",
        "unit",
        "hex",
        "hex in capitals",
        "hex with gaps",
        "base64",
        "jwt",
        "pem",
        "hash",
        "unit over lines",
        "credential",
        "option",
        "quotes within",
        "list",
    ],
)
def test_what_looks_like_a_secret_goes(text: str, gone: str) -> None:
    assert gone not in Mask().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "device a81758fffe0a0001 heard by aa555a0000000101",
        "uplink 6ba7b810-9dad-11d1-80b4-00c04fd430c8 at 2026-11-26T12:00:00+00:00",
        "https://platform.example:8443/ngsi-ld/v1: 503",
        "eth0 UP 192.0.2.2/24 fe80::fc:ff:fe00:1/64",
        'token_file = "/etc/brygga/token"',
    ],
    ids=["euis", "uuid", "url", "addresses", "a file's name"],
)
def test_what_helps_stays(text: str) -> None:
    assert Mask().text(text) == text


def test_a_short_secret_goes_as_a_word_alone() -> None:
    assert Mask(["ab"]).text("ab is not in table, cab or abc") == "‹masked› is not in table, cab or abc"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_is_found_in_base64_whatever_stands_before_it(before: str) -> None:
    encoded = base64.b64encode(f"{before}S3cret/pass+word:rest".encode()).decode()

    masked = Mask(["S3cret/pass+word"]).known(encoded)

    assert "‹masked›" in masked


def test_a_secret_has_many_spellings() -> None:
    some = [*spellings(DEVICE_KEY)]

    assert base64.b64encode(bytes.fromhex(DEVICE_KEY)).decode().rstrip("=")[:21] in "".join(some)
    assert bytes.fromhex(DEVICE_KEY)[::-1].hex() in some


SWEDISH = 'räksmörgås/"7" på taket'


@pytest.mark.parametrize(
    "written",
    [
        quote(SWEDISH),
        quote(SWEDISH, safe=""),
        json.dumps({"said": json.dumps({"login": SWEDISH})}),
        json.dumps({"said": json.dumps({"login": SWEDISH}, ensure_ascii=False)}),
        json.dumps({"said": json.dumps({"login": SWEDISH}, ensure_ascii=False)}, ensure_ascii=False),
        json.dumps({"said": json.dumps({"login": SWEDISH})}, ensure_ascii=False),
        SWEDISH.encode("utf-16-le").hex(),
        SWEDISH.encode("utf-16-be").hex(":").upper(),
    ],
    ids=["path", "query", "json", "letters in json", "letters", "json in letters", "utf-16", "utf-16 big endian"],
)
def test_a_secret_goes_from_urls_from_json_within_json_and_from_hex(written: str) -> None:
    masked = Mask([SWEDISH]).known(f"a {written} b")

    assert re.fullmatch(r'a (\{"said": .*"login.*)?‹masked›[\\"}]* b', masked), masked


@pytest.mark.parametrize("has_letters", [True, False], ids=["letters", "escaped"])
def test_a_name_goes_from_json_within_json(*, has_letters: bool) -> None:
    written = json.dumps({"said": json.dumps({"at": "Åsas tak"}, ensure_ascii=not has_letters)}, ensure_ascii=False)

    masked = Mask(key=b"k", names=["Åsas tak"]).text(written)

    assert "sas tak" not in masked
    assert "name-" in masked


def test_a_table_is_written_as_toml_and_read_back() -> None:
    table = {"a": 1, "b": {"c d": True, "e": ["x", "y"]}, "f": [{"g": "h", "i": {"j": 1.5}}, {"g": "k"}]}

    assert tomllib.loads(written(table)) == table


@pytest.mark.parametrize(
    ("value", "told"),
    [("abc", "‹text, 3 characters›"), ([1, 2], "‹list of 2›"), ({"a": 1}, "‹table of 1›"), (7, "‹int›")],
    ids=["text", "list", "table", "number"],
)
def test_of_a_value_its_form_is_told(value: object, told: str) -> None:
    assert shape(value) == told


@pytest.mark.parametrize(
    "secret",
    [
        "Basic password 4 word",
        "my token: is hunter2 and more",
        "a 2b7e151628aed2a6abf7158809cf4f3c b",
        "x://you@me and you",
    ],
)
def test_of_a_secret_that_holds_what_looks_like_one_nothing_stays(secret: str) -> None:
    assert Mask([secret]).text(f"said: {secret}.") == "said: ‹masked›."


def test_of_secrets_that_overlap_nothing_stays() -> None:
    assert Mask(["hunter-one", "one-two-three"]).text("<hunter-one-two-three>") == "<‹masked›>"


def test_a_key_that_nobody_knows_goes_whole_though_a_secret_is_in_the_middle_of_it() -> None:
    assert Mask([DEVICE_KEY[14:20]]).text(DEVICE_KEY) == "‹masked›"


def test_a_secret_is_found_beside_letters_whose_small_form_is_longer() -> None:
    assert len(folded("İİ")) == 2
    assert Mask(["Hunter2"]).text("İİ HUNTER2 İ") == "İİ ‹masked› İ"


def test_a_number_or_a_text_of_the_configuration_that_is_a_secret_as_well_goes() -> None:
    table = {"baud": 1700, "tags": ['say "password: x"', "roof"], "channels_hz": [868_100_000], "adr": True}

    masked = Mask(["1700"]).table(table)

    assert masked == {
        "baud": "‹masked›",
        "tags": ['say "password: ‹masked›"', "roof"],
        "channels_hz": [868_100_000],
        "adr": True,
    }


def test_what_is_json_stays_json_whatever_of_it_goes() -> None:
    told = {
        "has_password": True,
        "tokens": 3,
        "token": "hunter2",
        "pin": None,
        "mast": {"port": 1700, "said": "Bearer hunter2hunter2"},
    }

    masked = Mask(["1700"]).tree(told)

    assert json.loads(json.dumps(masked)) == {
        "has_password": True,
        "tokens": 3,
        "token": "‹masked›",
        "pin": None,
        "mast": {"port": "‹masked›", "said": "Bearer ‹masked›"},
    }


# ── identities ──


def test_addresses_and_places_of_json_are_others() -> None:
    told = {
        "dev_addr": "260111aa",
        "gateways": {"aa555a0000000101": {"latitude": 55.6, "lati": None}},
        "name": "Library",
    }

    masked = Mask(key=b"key", names=["Library"]).tree(told)

    assert "260111aa" not in str(masked)
    assert "aa555a0000000101" not in str(masked)
    assert [*masked["gateways"].values()] == [{"latitude": 0, "lati": None}]
    assert masked["name"].startswith("name-")


def test_a_name_is_replaced_as_a_word_by_the_same_one_however_it_is_written() -> None:
    mask = Mask(key=b"key", names=["Café 7", "#3 pump", "7"])

    first, *others = mask.text("Café 7|Caf%C3%A9%207|Caf\\u00e9 7|Café 77|Café 7").split("|")

    assert first.startswith("name-")
    assert others == [first, first, "Café 77", first]
    assert mask.text("(#3 pump)").startswith("(name-")
    assert mask.text("7 of 7") == "7 of 7"  # one letter is no name


def test_thousands_of_names_are_replaced_in_a_moment() -> None:
    names = [f"Sensor {number} of the school" for number in range(5000)]
    text = "\n".join(f'{{"name": "{name}"}}' for name in names)
    began = time.process_time()

    masked = Mask(key=b"key", names=names).text(text)

    assert "Sensor" not in masked
    assert time.process_time() - began < 5.0  # one pattern of all names took 30 s of a fast machine


def test_without_a_wish_identities_stay() -> None:
    assert Mask(names=["Library"]).text("Library a81758fffe0a0001") == "Library a81758fffe0a0001"
