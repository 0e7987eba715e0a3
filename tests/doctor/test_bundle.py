"""The support file: what is in it, and that no secret is, wherever one was planted and however it is spelt."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.doctor import Answering, Box
from gateway.doctor.bundle import Wishes, bundle, listed
from gateway.doctor.parts import LOG_OCTETS
from gateway.doctor.secrets import known
from gateway.errors import Busy
from gateway.journal import Changes, Journal
from gateway.model import Json
from simulators.platforms.certificates import Authority
from tests.doctor.scene import CONFIGURATION, NOW, box, destination, device, finding, running, settings, status, tree
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
    web = {"has_password": True, "tokens": 2}
    return box(
        answering=Answering.ANSWERS,
        settings=found,
        path=folder / "brygga.toml",
        warnings=[*found.warnings, told],
        run=run,
        environment=environment,
        status=status(destinations=troubles, web=web),
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
    assert all(json.loads(text) for name, text in parts.items() if name.endswith(".json"))
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


async def test_what_the_agent_remembers_and_the_file_it_logs_to_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "agent.log").write_text("WARNING gateway: the disk is slow\n", encoding="utf-8")
    root = tree(tmp_path, {"proc/1/comm": "brygga"})
    (root / "proc/1/fd").mkdir()
    (root / "proc/1/fd/2").symlink_to(tmp_path / "agent.log")
    lines = [{"at": NOW.isoformat(), "level": "warning", "name": "gateway", "text": f"a{number}"} for number in (2, 1)]

    async def ask(request: Mapping[str, Json]) -> Json:
        assert request["do"] == "log.lines"
        return {"lines": lines, "dropped": 7}

    log = (await made(running(tmp_path, root=root, ask=ask)))["log.txt"]

    assert "WARNING gateway: the disk is slow" in log
    assert log.index("warning gateway: a1") < log.index("warning gateway: a2")
    assert "7 lines before these have gone" in log


async def test_of_a_long_log_no_line_is_cut_in_two_for_half_a_secret_is_none_that_is_known(tmp_path: Path) -> None:
    before, half, well = "ERROR gateway: refused: passw", "ord-of-the-roof\n", "INFO gateway: well\n"
    rest = (well * (LOG_OCTETS // len(well) + 1))[-(LOG_OCTETS - len(half)) :]
    (tmp_path / "agent.log").write_text(before + half + rest, encoding="utf-8")
    root = tree(tmp_path, {"proc/1/comm": "brygga"})
    (root / "proc/1/fd").mkdir()
    (root / "proc/1/fd/2").symlink_to(tmp_path / "agent.log")

    log = (await made(running(tmp_path, root=root)))["log.txt"]

    assert "INFO gateway: well" in log
    assert half.strip() not in log


async def test_an_agent_that_has_gone_meanwhile_tells_no_lines_and_the_rest_is_there(tmp_path: Path) -> None:
    async def ask(_: Mapping[str, Json]) -> Json:
        raise Busy("the agent does not answer")

    parts = await made(running(tmp_path, ask=ask))

    assert "does not tell the lines that it remembers: the agent does not answer" in parts["log.txt"]


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


def test_the_time_of_a_bundle_is_the_boxs() -> None:
    parts = texts(asyncio.run(bundle(box(), [], Wishes())))

    assert NOW.isoformat() in parts["README.txt"]


# ── what a box may be like ──


async def test_a_part_that_hangs_is_left_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: str, limit_s: float = 0.0) -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr("gateway.doctor.bundle.PART_LIMIT_S", 0.2)

    parts = await made(box(run=hangs))

    assert parts["log.txt"] == "could not be made within 0.2 s"
    assert json.loads(parts["status.json"]) == {"answering": "not asked"}


async def test_of_a_long_text_the_end_is_kept_and_no_half_of_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tells(program: str, *_: str, limit_s: float = 0.0) -> str:
        return "first\n-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n" + "x" * 90 + "\nlast\n"

    monkeypatch.setattr("gateway.doctor.bundle.LARGEST", 131)

    parts = await made(box(run=tells))

    assert parts["log.txt"].startswith("… the end of ")
    assert parts["log.txt"].endswith("x\nlast")
    assert "MIGHAgEA" not in parts["log.txt"]


async def test_variables_beside_a_broken_configuration_are_no_secret_less(tmp_path: Path) -> None:
    """The agent's log may have them from the time when the file was right."""
    values = {"LUND": "hunter2", "MALMO_TOKEN": "short", "BOX": "roof"}
    lines = [f'export {name} = "{value}"' for name, value in values.items()]
    (tmp_path / "brygga.env").write_text("\n".join([*lines, "no variable"]), encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/ystad.token").write_text("filed-away\n", encoding="utf-8")
    text = CONFIGURATION.replace("port = 0", 'port = "x"')
    (tmp_path / "brygga.toml").write_text(f'{text}[[destination]]\npassword = "${{LUND}}"\n', encoding="utf-8")

    async def tells(*_: str, limit_s: float = 0.0) -> str:
        return "roof said hunter2, short and filed-away"

    parts = await made(box(path=tmp_path / "brygga.toml", problems=["broken"], run=tells))

    assert parts["log.txt"].endswith("roof said ‹masked›, ‹masked› and ‹masked›")


async def test_an_anonymous_one_does_not_say_what_the_box_is_called(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/sys/kernel/hostname": "malmo-library\n"})
    (tmp_path / "brygga.toml").write_text(CONFIGURATION.replace("port = 0", 'port = "x"'), encoding="utf-8")

    async def tells(*_: str, limit_s: float = 0.0) -> str:
        return "2026-11-26T12:00:00 malmo-library brygga[7]: roof began"

    one = box(root=root, path=tmp_path / "brygga.toml", problems=["broken"], run=tells)
    parts = await made(one, anonymous=True)

    whole = "\n".join(parts.values())
    assert "malmo" not in whole
    assert "roof" not in whole
    assert "brygga[7]" in parts["log.txt"]
