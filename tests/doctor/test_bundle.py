"""The support file: what is in it, and that no secret is, wherever one was planted and however it is spelt."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.config.keys import DestinationKeys
from gateway.doctor import Answering, Box
from gateway.doctor.bundle import Wishes, bundle, listed
from gateway.doctor.masking import SHOWN, Mask, shape, spellings
from gateway.doctor.secrets import known
from gateway.doctor.toml import written
from gateway.journal import Changes, Journal
from simulators.platforms.certificates import Authority
from tests.doctor.scene import CONFIGURATION, NOW, box, destination, device, finding, settings, status
from tests.journal.samples import clock, session, uplink

DEVICE_KEY = "2b7e151628aed2a6abf7158809cf4f3c"
KEY_FILE = "c0ffee" * 10 + "beef"
SECRETS = {  # what is planted: where, and what
    "password": "S3cret/pass+word",
    "token": "tok-Zm9vYmFyYmF6",
    "token_file": "filed-token-0987",
    "api_key": "api-key-öäå-4711",
    "header": "header-secret-77",
    "option": "an-option-nobody-knows-of",
    "sas": base64.b64encode(b"shared access key of 32 octets!!").decode(),
    "basic": "basic pass 4 word",
    "webhook": "webhook-token-99",
    "environment": "environment-secret-66",
    "credential": "credential-secret-55",
    "dashboard": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "web_token": "web-token-hash-44444444",
    "city": "city-password-33",
    "fragment": "fragment-password-22",
    "key_file": KEY_FILE,
}
MORE = f"""
[web]
[[source]]
name = "hook"
type = "webhook"
host = "127.0.0.1"
port = 0
server = "chirpstack"
token = "{SECRETS["webhook"]}"
[[source]]
name = "stack"
type = "the_things_stack"
url = "mqtt://127.0.0.1:1"
application = "app@ttn"
username = "app@ttn"
password = "{SECRETS["password"]}"
[[destination]]
name = "lund"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
token = "{SECRETS["token"]}"
[destination.headers]
X-Extra = "{SECRETS["header"]}"
[[destination]]
name = "malmo"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
token_file = "token"
[[destination]]
name = "kiruna"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
api_key_header = "X-Key"
api_key_file = "api_key"
[[destination]]
name = "azure"
url = "mqtts://127.0.0.1:1"
format = "azure_iot"
sas_key_file = "sas"
[[destination]]
name = "ystad"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
username = "roof"
password = "{SECRETS["basic"]}"
# a comment with a secret: {SECRETS["option"]}
"""


def plant(folder: Path) -> Box:
    """Make a box with a secret everywhere one may be, and an agent, a log and a unit that tell of all of them."""
    files = {
        "token": SECRETS["token_file"], "api_key": SECRETS["api_key"], "sas": SECRETS["sas"],
        "data/brygga.key": KEY_FILE, "data/web.password": SECRETS["dashboard"], "data/web.tokens": f"script view {SECRETS['web_token']}",
        "credentials/lund": SECRETS["credential"],
        "cities/lund.toml": f'city = "lund"\n[connection]\npassword = "{SECRETS["city"]}"\n',
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(mode=0o750, exist_ok=True)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    (folder / "brygga.toml").write_text(CONFIGURATION + MORE, encoding="utf-8")
    found = settings(folder, MORE)
    (folder / "brygga.d").mkdir()
    (folder / "brygga.d/50-fleet.toml").write_text(
        f'[[destination]]\nname = "ystad"\npassword = "{SECRETS["fragment"]}"\n', encoding="utf-8"
    )
    told = "\n".join(telling())
    environment = {"PLATFORM_TOKEN": SECRETS["environment"], "CREDENTIALS_DIRECTORY": str(folder / "credentials")}

    async def run(*_: str, limit_s: float = 0.0) -> str:
        return told

    troubles = {
        "lund": destination(trouble=told, trouble_s=3.0, last_refusal=told),
        "malmo": destination(transport={"notes": [told]}),
    }
    return box(
        answering=Answering.ANSWERS,
        settings=found,
        path=folder / "brygga.toml",
        warnings=[*found.warnings, told],
        run=run,
        environment=environment,
        status=status(destinations=troubles),
        devices=[device(name="Library of the city")],
    )


def telling() -> Iterator[str]:
    """Yield lines as a log may have them: every secret, however it may be written."""
    for name, secret in {**SECRETS, "device": DEVICE_KEY}.items():
        if name == "option":  # of a comment: nobody knows it
            continue
        for spelt in written_as(secret):
            yield f"2026-11-26T12:00:00 roof brygga[7]: {name} at http://user:{quote(secret, safe='')}@host/x?token=abcd {spelt}"


def written_as(secret: str) -> set[str]:
    octets = secret.encode()
    inner = [bytes.fromhex(secret)] if secret in {KEY_FILE, DEVICE_KEY} else []
    inner += [base64.b64decode(secret)] if secret == SECRETS["sas"] else []
    some = {secret, secret.upper(), secret.lower(), json.dumps(secret)[1:-1], quote(secret, safe="")}
    for one in (octets, *inner):
        some |= {one.hex(), one.hex().upper(), one.hex(" "), one.hex(":"), base64.b64encode(one).decode()}
        some |= {base64.urlsafe_b64encode(one).decode().rstrip("=")}
    return some | {one[::-1].hex() for one in inner}


def texts(octets: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


async def made(one: Box, **wishes: bool) -> dict[str, str]:
    return texts(await bundle(one, await finding(one, "configuration", "destinations.standing"), Wishes(**wishes)))


async def test_no_secret_is_in_it_in_any_spelling(tmp_path: Path) -> None:
    parts = await made(plant(tmp_path))

    whole = "\n".join(parts.values()).lower()
    left = {
        (name, spelt)
        for name, secret in {**SECRETS, "device": DEVICE_KEY}.items()
        for spelt in written_as(secret)
        if spelt.lower() in whole
    }
    assert left == set()
    assert "‹masked›" in parts["log.txt"]
    assert "2026-11-26t12:00:00 roof brygga[7]: token_file at http://‹masked›@host/x?‹masked›" in whole


async def test_no_secret_is_in_it_where_the_configuration_cannot_be_read(tmp_path: Path) -> None:
    one = plant(tmp_path)
    text = (tmp_path / "brygga.toml").read_text(encoding="utf-8").replace('name = "roof"', "name = roof", 1)
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    parts = await made(replace(one, settings=None, status=None, problems=["brygga.toml line 3: not TOML"]))

    written_here = [
        SECRETS[name] for name in ("token", "basic", "webhook", "city", "fragment", "environment", "credential")
    ]
    whole = "\n".join(parts.values())
    assert [secret for secret in written_here if secret in whole] == []
    assert parts["configuration/brygga.toml"].startswith("# not shown")


async def test_what_is_in_it_is_told_and_helps(tmp_path: Path) -> None:
    one = plant(tmp_path)

    octets = await bundle(one, await finding(one, "configuration"), Wishes())

    parts = texts(octets)
    names = [name for name, _ in listed(octets)]
    assert names == [*parts]
    assert all(f"{name}: {words}" in parts["README.txt"] for name, words in listed(octets) if name != "README.txt")
    configuration = parts["configuration/brygga.toml"]
    assert 'url = "http://127.0.0.1:1"' in configuration
    assert 'token = "‹text, 16 characters›"' in configuration
    assert 'X-Extra = "‹text, 16 characters›"' in configuration
    assert "a comment" not in configuration
    assert json.loads(parts["status.json"])["since_s"] == 90_000.0
    assert json.loads(parts["devices.json"])[0]["name"] == "Library of the city"
    assert "brygga 0." in parts["versions.txt"]
    assert {"cities/lund.toml", "brygga.d/50-fleet.toml"} <= {name.removeprefix("configuration/") for name in names}


async def test_an_anonymous_one_has_no_identity_and_keeps_who_is_the_same(tmp_path: Path) -> None:
    one = plant(tmp_path)

    parts = await made(one, anonymous=True)

    whole = "\n".join(parts.values())
    assert "a81758fffe0a0001" not in whole
    assert "aa555a0000000101" not in whole
    assert "Library" not in whole
    (listed_as,) = json.loads(parts["devices.json"])
    assert len(listed_as["dev_eui"]) == 16
    assert listed_as["name"].startswith("name-")
    assert [*json.loads(parts["status.json"])["sources"][0]["gateways"]] != ["aa555a0000000101"]


async def test_payloads_are_in_it_only_where_they_are_asked_for(tmp_path: Path) -> None:
    one = plant(tmp_path)
    assert one.settings is not None
    journal = await Journal.open(one.settings.journal_path, clock=clock, key_file=one.settings.gateway.key_file)
    heard = replace(uplink(0), payload=bytes.fromhex("0102030405060708090a0b0c0d0e0f10"))
    await journal.commit(Changes(uplinks=(heard,), sessions=(session(1),)))
    await journal.close()

    without, asked = await made(one), await made(one, with_payloads=True)

    assert heard.payload.hex() not in "".join(without.values())
    (told,) = map(json.loads, asked["uplinks.jsonl"].splitlines())
    assert (told["payload"], told["dev_eui"]) == (heard.payload.hex(), heard.dev_eui)
    assert json.loads(without["journal.json"])["rows"]["log_1"] == 1


async def test_a_box_of_which_nothing_can_be_had_has_one_too() -> None:
    parts = await made(box())

    assert json.loads(parts["findings.json"])[0]["ill"] == "missing"
    assert "not to be had" in parts["log.txt"]


def test_all_secrets_of_settings_are_known(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    authority = Authority(tmp_path)
    ours = authority.client("roof")
    tls = f'[destination.tls]\nca_file = "{authority.certificate}"\ncertificate_file = "{ours.certificate}"\nkey_file = "{ours.key}"\n'
    more = '[[destination]]\nname = "lund"\nurl = "https://127.0.0.1:1"\nformat = "ngsi_ld"\ntoken = "tok-1234-5678"\n'
    found = settings(tmp_path, more + tls)

    secrets = {*known(box(settings=found, path=tmp_path / "brygga.toml"))}

    assert "tok-1234-5678" in secrets
    inside = ours.key.read_text().splitlines()[1]
    assert inside in secrets


# ── the mask ──


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


def test_the_time_of_a_bundle_is_the_boxs() -> None:
    parts = texts(asyncio.run(bundle(box(), [], Wishes())))

    assert NOW.isoformat() in parts["README.txt"]
