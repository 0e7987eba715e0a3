"""Stand-ins for an installer's dry run: each shows what comes from the real format over the real transport."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from decoders.contract import Reading
from gateway.cities.catalogue import Catalogue
from gateway.commands.command_line_simulate import PLATFORMS
from gateway.config import load
from gateway.config.settings import DestinationSettings
from gateway.errors import ConfigError
from gateway.formats.ngsi_ld import NgsiLd
from gateway.model import Request
from gateway.transports.catalogue import make
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Service
from simulators.dry_run import KINDS, dry_run
from simulators.dry_run.run import Wishes, opened
from simulators.dry_run.seen import Seen
from simulators.dry_run.written import section
from tests.formats.items import DEV_EUI, item
from tests.formats.telling import NOW, Loop, over_http

READING: Final = item(Reading("air_temperature", 21.5, "Cel"), heard_at=NOW.utc)
WAYS: Final = [(name, way) for name, kind in KINDS.items() for way in kind.ways]
RIGHT: Final = "cmlnaHQ="  # Azure's keys are base64, and any text is right for the others
WRONG: Final = "d3Jvbmc="
WRONG_OBSERVATIONS: Final = (
    "no Datastream's",
    "an object with a result",
    "has no member 'unit'",
    "'today' is no time",
)
NOW_HERE: Final = replace(NOW, utc=datetime.now(UTC))  # certificates and keys are dated
HEAD: Final = '[gateway]\nname = "roof"\ndata = "data"\n\n'


@asynccontextmanager
async def stand_in(name: str, way: str, folder: Path, token: str = "") -> AsyncIterator[tuple[str, list[Seen]]]:
    """Give the text of the destination that the command prints, and what passes."""
    seen: list[Seen] = []
    wishes = Wishes(kind=name, way=way, port=0, token=token)
    async with opened(wishes, seen.append, folder) as (url, keys):
        yield section(url, keys, KINDS[name].ways[way].note), seen


def checked(text: str, folder: Path) -> DestinationSettings:
    """Return what `brygga check` makes of a pasted destination; raises ConfigError with all that is wrong with it."""
    path = folder / "brygga.toml"
    path.write_text(HEAD + text + "\n")
    (found,) = load(path).destinations
    return found


@asynccontextmanager
async def told(settings: DestinationSettings) -> AsyncIterator[Loop]:
    """Give the loop that tells READING to a destination, with the format and the transport of its settings."""
    there = make(settings.platform, lambda: NOW_HERE)
    try:
        yield Loop(settings.format, there, [READING])
    finally:
        await there.close()


@pytest.mark.parametrize(("name", "way"), WAYS)
async def test_what_is_printed_passes_the_check_and_an_uplink_arrives(name: str, way: str, tmp_path: Path) -> None:
    async with stand_in(name, way, tmp_path) as (text, seen), told(checked(text, tmp_path)) as loop:
        await loop.to_its_end()

    assert loop.refused() == {}
    assert loop.journal.delivered == [1]
    assert [one.asked for one in seen if not (one.is_taken or one.is_question)] == []
    assert any((one.is_taken and b"21.5" in one.body) or (one.is_taken and b"\xfbA" in one.body) for one in seen)


def write_wrong_keys(folder: Path) -> None:
    """Put another key into the files that hold the right one."""
    for path in folder.glob("*.key"):
        if path.read_text() == RIGHT:
            path.write_text(WRONG)


@pytest.mark.parametrize(("name", "way"), WAYS)
async def test_with_a_token_what_is_printed_shows_it_and_another_one_is_refused(
    name: str, way: str, tmp_path: Path
) -> None:
    async with stand_in(name, way, tmp_path, RIGHT) as (text, seen):
        right = checked(text, tmp_path)
        write_wrong_keys(tmp_path)
        wrong = checked(text.replace(RIGHT, WRONG), tmp_path)
        async with told(wrong) as loop:
            await loop.turns(1)
        refused = [one for one in seen if not one.is_taken]
        async with told(right) as loop:
            await loop.to_its_end()

    assert refused
    assert loop.journal.delivered == [1]


async def test_a_sensorthings_server_asks_for_user_and_password_where_the_token_has_both(tmp_path: Path) -> None:
    async with stand_in("sensorthings", "http", tmp_path, "me:secret") as (text, seen):
        async with told(checked(text.replace("secret", "wrong"), tmp_path)) as loop:
            await loop.turns(1)
        refused = [one for one in seen if not one.is_taken]
        async with told(checked(text, tmp_path)) as loop:
            await loop.to_its_end()

    assert refused
    assert loop.journal.delivered == [1]


@pytest.mark.parametrize("client", ["", "1459", "7"])
async def test_any_client_of_iot_open_is_let_in(client: str, tmp_path: Path) -> None:
    async with (
        stand_in("iot_open", "mqtt", tmp_path) as (text, seen),
        told(checked(text.replace('"1459"', f'"{client}"'), tmp_path)) as loop,
    ):
        await loop.to_its_end()

    assert loop.journal.delivered == [1]
    assert seen[0].asked == f"PUBLISH {client}{'/' if client else ''}obj/brygga/{DEV_EUI}/air_temperature"


async def test_what_a_merge_asks_first_is_neither_taken_nor_refused(tmp_path: Path) -> None:
    async with stand_in("ngsi_ld_merge", "http", tmp_path) as (text, seen), told(checked(text, tmp_path)) as loop:
        await loop.to_its_end()

    assert [(one.asked.split()[0], one.is_taken, one.is_question) for one in seen] == [
        ("PATCH", False, True),
        ("POST", True, False),
    ]
    assert seen[0].lines(whole=False)[0].startswith("? PATCH")


async def test_what_a_sensorthings_server_would_lose_without_a_word_is_shown(tmp_path: Path) -> None:
    async with stand_in("sensorthings", "mqtt", tmp_path) as (text, seen):
        there = make(checked(text, tmp_path).platform, lambda: NOW_HERE)
        for target, body in (
            ("v1.1/Things(1)/Observations", b'{"result":1}'),
            ("v1.1/Datastreams(1)/Observations", b'{"value":1}'),
            ("v1.1/Datastreams(1)/Observations", b'{"result":1,"unit":"m"}'),
            ("v1.1/Datastreams(1)/Observations", b'{"result":1,"phenomenonTime":"today"}'),
        ):
            await there.send([Request(target=target, body=body, content_type="application/json")])
        await there.close()

    assert [one.is_taken for one in seen] == [False] * 4
    for words, one in zip(WRONG_OBSERVATIONS, seen, strict=True):
        assert words in one.why


def test_a_key_of_azures_that_is_none_is_said() -> None:
    with pytest.raises(ConfigError, match="--token: 'no key' is no shared access key, which is base64"):
        dry_run(Wishes(kind="azure_iot", port=0, token="no key"), print)


def test_each_kind_is_a_kind_of_cities_with_the_same_ways() -> None:
    kinds = Catalogue.load().kinds

    assert {name: set(kind.ways) for name, kind in KINDS.items()} == {
        name: set(kind.ways) for name, kind in kinds.items() if name != "generic"
    }


@asynccontextmanager
async def exposed(name: str, token: str = "") -> AsyncIterator[tuple[str, list[Seen]]]:
    """Give the URL of a stand-in over HTTP, and what passes."""
    seen: list[Seen] = []
    async with opened(Wishes(kind=name, way="http", port=0, token=token), seen.append, Path()) as (url, _):
        yield url, seen


async def test_a_wrong_path_is_shown_and_so_is_what_is_wrong_with_a_body() -> None:
    async with exposed("ngsi_v2") as (url, seen):
        there = over_http(url)
        await there.send([Request(target="/v1/updateContext", body=b"{}", content_type="application/json")])
        await there.send([Request(target="/v2/op/update", body=b"{}", content_type="application/json")])
        await there.close()

    assert [one.answer for one in seen] == ["404 Not Found", "400 Bad Request"]
    assert "invalid update action type" in seen[1].why
    assert "✗ POST /v2/op/update" in seen[1].lines(whole=False)[0]


async def test_an_api_key_is_a_token_too() -> None:
    async with exposed("ngsi_ld", "key") as (url, seen):
        login = ApiKey("X-API-Key", Secret("key"))
        there = Http(Service(endpoint=endpoint(url), login=login), lambda: NOW)
        await Loop(NgsiLd(), there, [READING]).to_its_end()
        await there.close()

    assert seen
    assert all(one.is_taken for one in seen)


async def test_a_batch_with_an_error_in_it_is_not_shown_as_taken() -> None:
    async with exposed("ngsi_ld") as (url, seen):
        there = over_http(url)
        body = b'[{"id":"urn:a:1","type":"A","@context":"https://x"},{"id":"no","type":"A","@context":"https://x"}]'
        upsert = "/ngsi-ld/v1/entityOperations/upsert?options=update"
        await there.send([Request(target=upsert, body=body, content_type="application/ld+json")])
        await there.close()

    assert [(one.answer, one.is_taken) for one in seen] == [("207 Multi-Status", False)]


async def test_a_compressed_body_is_shown_as_it_was_meant_with_both_sizes() -> None:
    said = b'{"a":"' + b"x" * 500 + b'"}'
    packed = gzip.compress(said)
    async with exposed("json") as (url, seen):
        there = over_http(url)
        headers = {"Content-Encoding": "gzip"}
        await there.send([Request(target="/in", body=packed, content_type="application/json", headers=headers)])
        await there.close()

    assert [(one.body, one.wire_octets, one.is_taken) for one in seen] == [(said, len(packed), True)]
    assert f"{len(said)} octets ({len(packed)} on the wire)" in seen[0].lines(whole=False)[0]


def test_the_command_knows_every_kind_there_is() -> None:
    assert set(PLATFORMS) == set(KINDS)


def test_a_door_that_a_kind_has_not_is_named() -> None:
    with pytest.raises(ConfigError, match="has no door over mqtt; --way http is right"):
        dry_run(Wishes(kind="ngsi_ld", way="mqtt", port=0), print)
