"""The commands about cities and their destinations, as an installer types them."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.commands.cli import main
from gateway.config import load
from gateway.journal import MEMORY_OF, Changes, Journal, Registration, Settlement
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.agent.commands import CONFIGURATION, Box, Outcome, make_box
from tests.cities.test_move import DEVICE, ERS
from tests.journal.samples import clock, uplink

HEAD = CONFIGURATION[: CONFIGURATION.index("[[destination]]")]
WATER = '[[destination]]\nname = "water"\ncity = "{}"\n'


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


def write(box: Box, text: str) -> None:
    (box.folder / "brygga.toml").write_text(HEAD + text, encoding="utf-8")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


Typed = Callable[..., Outcome]


@pytest.fixture
def typed(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Run a command in this process, in the box's folder, with nobody at a terminal."""
    monkeypatch.chdir(box.folder)
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)

    def type_(*arguments: str) -> Outcome:
        code = main(arguments)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return type_


# ── city ──


def test_the_list_has_every_city_and_those_that_are_connected(box: Box, typed: Typed) -> None:
    typed("city", "connect", "Lund", "--url", "mqtts://mqtt.yggio.example")

    listed = json.loads((typed("city", "list", "--json")).output)

    assert len(listed) == 19
    assert [one["city"] for one in listed if one["connected"]] == ["lund"]
    goteborg = next(one for one in listed if one["city"] == "goteborg")
    assert (goteborg["formats"], goteborg["operator"], goteborg["sure"]) == ({"http": "ngsi_ld"}, "Netmore", "fact")
    assert sum(one["platform"] is None for one in listed) == 14


def test_a_citys_story_is_told_in_both_languages(box: Box, typed: Typed) -> None:
    english, swedish = (
        typed("city", "show", "Sundsvall"),
        typed("city", "show", "sundsvall", "--language", "sv"),
    )

    assert "diwise, developed with Sundsvalls kommun. (fact; https://diwise.github.io, 2026)" in english.output
    assert "What to ask the city for:" in english.output
    assert "diwises interna id för varje enhet (inte DevEUI)" in swedish.output


def test_a_city_that_nobody_knows_is_told_of_as_such(box: Box, typed: Typed) -> None:
    outcome = typed("city", "show", "gotenborg")

    assert outcome.code == 0
    assert "nobody has sent in a profile of 'gotenborg': did you mean goteborg?" in outcome.complaints


def test_a_connection_is_written_for_its_owners_eyes_with_its_files_beside_it(box: Box, typed: Typed) -> None:
    (box.folder / "secret").write_text("hemligt\n", encoding="utf-8")
    (box.folder / "export.csv").write_text("dev_eui,id\n000000000000000a,node-1\n", encoding="utf-8")
    arguments = ["--url", "mqtts://mqtt.yggio.example", "--username", "roof", "--password-file", "secret"]

    outcome = typed(
        "city", "connect", "Malmö", *arguments, "--ids", "export.csv", "--option", "tries=3", "--option", "late=send"
    )
    write(box, WATER.format("malmo"))

    assert outcome.code == 0, outcome.complaints
    cities = box.folder / "cities"
    names = {path.name for path in cities.iterdir()}
    assert names == {"malmo.toml", "malmo.password", "malmo-ids.csv"}
    assert {mode(path) for path in cities.iterdir()} == {0o640}
    (destination,) = load(box.folder / "brygga.toml").destinations
    assert destination.name == "water@malmo"
    assert "hemligt" not in (cities / "malmo.toml").read_text(encoding="utf-8")
    assert 'city = "malmo"' in outcome.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "ftp://x"], "cities/lund.toml: url: 'ftp://x' is none of mqtt://"),
        (["--url", "mqtts://x", "--option", "topik=x"], "cities/lund.toml: options.topik: yggio has no such option"),
        (["--url", "mqtts://x", "--option", "late"], "--option 'late': KEY=VALUE is right"),
        (["--url", "mqtts://x", "--token-file", "nowhere"], "nowhere: No such file"),
        ([], "city connect: --url: where is the platform?"),
    ],
)
def test_a_connection_that_would_not_work_is_not_written(
    box: Box, typed: Typed, arguments: list[str], words: str
) -> None:
    outcome = typed("city", "connect", "lund", *arguments)

    assert outcome.code == 78
    assert words in outcome.complaints
    assert not list((box.folder / "cities").glob("*")) if (box.folder / "cities").exists() else True


def test_a_connection_that_is_there_stays_unless_it_is_to_be_replaced(box: Box, typed: Typed) -> None:
    typed("city", "connect", "lund", "--url", "mqtts://first")

    again = typed("city", "connect", "lund", "--url", "mqtts://second")
    wrong = typed("city", "connect", "lund", "--url", "ftp://x", "--replace")
    kept = (box.folder / "cities" / "lund.toml").read_text(encoding="utf-8")
    right = typed("city", "connect", "lund", "--url", "mqtts://second", "--replace")

    assert "is there already; change it in an editor, or say --replace" in again.complaints
    assert (wrong.code, right.code) == (78, 0)
    assert "mqtts://first" in kept
    assert "mqtts://second" in (box.folder / "cities" / "lund.toml").read_text(encoding="utf-8")


def test_a_profile_is_written_from_what_is_known_and_is_a_city_from_then_on(box: Box, typed: Typed) -> None:
    arguments = [
        "--kind",
        "yggio",
        "--platform",
        "Sensative Yggio",
        "--source",
        "https://www.boras.example",
        "--code",
        "1490",
    ]

    outcome = typed("city", "new", "Borås", *arguments, "--sure", "inference")
    shown = typed("city", "show", "boras")
    typed("city", "connect", "boras", "--url", "mqtts://x")
    write(box, WATER.format("Borås"))

    assert outcome.code == 0, outcome.complaints
    assert shown.output.startswith("Borås (boras, 1490)\nPlatform: Sensative Yggio (Sensative Yggio)\n")
    assert "(inference; https://www.boras.example)" in shown.output
    assert load(box.folder / "brygga.toml").warnings == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "yggio", "--platform", "Yggio"], "city new: --source: where is the platform known from?"),
        (["--kind", "yggdrasil"], "city new: --kind: 'yggdrasil' is none of aws_iot"),
        (["--code", "14"], "code: '14': string should match pattern"),
    ],
)
def test_a_profile_that_cannot_be_is_not_written(box: Box, typed: Typed, arguments: list[str], words: str) -> None:
    outcome = typed("city", "new", "boras", *arguments)

    assert outcome.code == 78
    assert words in outcome.complaints
    assert not (box.folder / "cities").exists()


# ── a destination of one ──


@pytest.fixture
async def kalmar(box: Box) -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    await receiver.start()
    await box.brygga("city", "connect", "kalmar", "--url", receiver.url)
    write(box, WATER.format("kalmar"))
    yield receiver
    await receiver.stop()


async def test_a_destination_is_tried_out_step_by_step(box: Box, kalmar: NgsiLdReceiver) -> None:
    outcome = await box.brygga("destination", "test", "water")

    assert outcome.code == 0
    assert [line.split(":")[0].split()[-1] for line in outcome.output.splitlines()[1:7]] == [
        "name",
        "connection",
        "clock",
        "login",
        "delivery",
        "back",
    ]
    assert [*kalmar.kept.entities] == [("", "urn:ngsi-ld:WeatherObserved:brygga-test")]


async def test_a_test_that_fails_says_so_with_its_exit_code(box: Box, kalmar: NgsiLdReceiver) -> None:
    await kalmar.stop()

    outcome = await box.brygga("destination", "test", "water", "--json")

    assert outcome.code == 1
    assert [one["good"] for one in json.loads(outcome.output)] == [True, False]


async def test_a_destination_that_is_not_there_is_named(box: Box, kalmar: NgsiLdReceiver) -> None:
    outcome = await box.brygga("destination", "test", "watr")

    assert outcome.complaints == "there is no destination watr in the configuration; did you mean water?\n"


async def test_without_an_uplink_there_is_nothing_to_preview(box: Box, kalmar: NgsiLdReceiver) -> None:
    key = "000102030405060708090a0b0c0d0e0f"
    await box.brygga("device", "add", "--dev-eui", "a81758fffe0a0001", "--name", "Torget", "--app-key", key)

    outcome = await box.brygga("destination", "preview", "water", "--device", "Torget")

    assert outcome.complaints == "nothing was heard of Torget yet, or it is no longer kept\n"


async def test_a_preview_shows_the_very_octets_of_the_last_uplink(box: Box, kalmar: NgsiLdReceiver) -> None:
    await _hear_one(box)

    stopped = await box.brygga("destination", "preview", "water", "--device", "Torget")
    async with box.agent():
        running = await box.brygga("destination", "preview", "water", "--device", "Torget")

    assert stopped.code == 0, stopped.complaints
    assert stopped == running
    head, _, body = stopped.output.partition("\n\n")
    assert head.startswith(f"POST {kalmar.url}/ngsi-ld/v1/entityOperations/upsert?options=update, ")
    assert {one["type"] for one in json.loads(body)} >= {"WeatherObserved", "AirQualityObserved"}


async def test_a_devices_last_uplink_can_be_sent_as_the_test(box: Box, kalmar: NgsiLdReceiver) -> None:
    await _hear_one(box)

    outcome = await box.brygga("destination", "test", "water", "--device", "Torget")

    assert outcome.code == 0, outcome.output
    assert ("", "urn:ngsi-ld:WeatherObserved:a81758fffe0a0001") in kalmar.kept.entities


async def test_a_device_that_a_destination_does_not_select_is_previewed_and_never_sent(
    box: Box, kalmar: NgsiLdReceiver
) -> None:
    await _hear_one(box)
    write(box, WATER.format("kalmar") + 'tags = ["water"]\n')

    tested = await box.brygga("destination", "test", "water", "--device", "Torget")
    shown = await box.brygga("destination", "preview", "water", "--device", "Torget")

    assert (tested.code, tested.output) == (78, "")
    assert tested.complaints.startswith("water@kalmar does not select Torget: its tags and dev_euis say which; `brygga")
    assert (shown.code, shown.complaints.splitlines()[0]) == (
        0,
        "warning: water@kalmar does not select Torget: its tags and dev_euis say which",
    )
    assert not kalmar.kept.entities


async def test_credentials_in_messages_are_shown_to_who_asks_for_them_alone(box: Box) -> None:
    await _hear_one(box)
    text = '[[destination]]\nname = "tb"\nurl = "http://127.0.0.1:1"\nformat = "thingsboard"\n[destination.options]\n'
    write(box, text + f'topic = "/api/v1/{{id}}/telemetry"\nids = {{ {DEVICE.dev_eui} = "t0ken/of-torget" }}\n')
    preview = ("destination", "preview", "tb", "--device", "Torget")

    plain, as_json, whole = [await box.brygga(*preview, *more) for more in ([], ["--json"], ["--show-secrets"])]

    assert plain.code == 0, plain.complaints
    assert "POST http://127.0.0.1:1/api/v1/(secret)/telemetry, " in plain.output
    assert "/api/v1/t0ken%2Fof-torget/telemetry, " in whole.output
    assert "t0ken" not in plain.output + as_json.output


@pytest.mark.parametrize(("is_of_here", "begins"), [(True, "v1/gateway/attributes"), (False, "v1/gateway/connect")])
async def test_a_preview_knows_what_this_platform_was_told_and_nothing_of_another(
    box: Box, *, is_of_here: bool, begins: str
) -> None:
    await _hear_one(box)
    write(box, '[[destination]]\nname = "tb"\nurl = "mqtt://127.0.0.1:1"\nformat = "thingsboard"\n')
    (destination,) = load(box.folder / "brygga.toml").destinations
    told = {f"device/{DEVICE.dev_eui}": {"profile": "default", "facts": {}}}
    journal = await Journal.open(box.journal, clock=clock, destinations=["tb"])
    of = destination.memory_of if is_of_here else "elsewhere"
    await journal.settle("tb", Settlement(memory={MEMORY_OF: of, **told}))
    await journal.close()

    shown = await box.brygga("destination", "preview", "tb", "--device", "Torget")

    assert shown.output.startswith(f"PUBLISH {begins} to "), shown.complaints


async def _hear_one(box: Box) -> None:
    box.journal.parent.mkdir(exist_ok=True)
    journal = await Journal.open(box.journal, clock=clock)
    await journal.put_devices([Registration(device=DEVICE)])
    await journal.commit(Changes(uplinks=(replace(uplink(1, DEVICE.dev_eui, ERS), f_port=5),)))
    await journal.close()
