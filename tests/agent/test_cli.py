"""The `brygga` command, run as people run it: whole outputs, with the agent running and without."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import runpy
import shlex
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import control
from gateway.commands import cli, command_line, show
from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from tests.agent.commands import BRYGGA, LIMIT_S, Box, Outcome, complained, make_box, said
from tests.journal.samples import clock, uplink

ROOT = Path(__file__).parents[2]
KEY = "000102030405060708090a0b0c0d0e0f"
OTHER_KEY = "ffffffffffffffffffffffffffffffff"
DEVICES = f"""dev_eui,name,decoder,activation,app_key,dev_addr,nwk_s_key,app_s_key,tags
a81758fffe0a0001,Library,elsys/ers,otaa,{KEY},,,,air indoors
a81758fffe0a0002,Well at Delsjön,decentlab/dl-ctd10,abp,,26011b05,{KEY},{KEY},water
"""
LIST = (
    "DevEUI            name             decoder             activation  DevAddr   FCnt  last heard  tags",
    "a81758fffe0a0001  Library          elsys/ers           otaa        -         -     -           air indoors",
    "a81758fffe0a0002  Well at Delsjön  decentlab/dl-ctd10  abp         26011b05  -     -           water",
    "2 devices, 1 of them not joined yet",
)
SEEN = "devices.csv: devices CSV of Brygga"
FED = "standard input: devices CSV of Brygga"
NO_LETTER = "there is no such dead letter; `brygga dead-letters list` shows those there are"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "devices.csv").write_text(DEVICES, encoding="utf-8")
    return make_box(tmp_path)


@pytest.fixture(params=["stopped", "running"])
async def any_box(box: Box, request: pytest.FixtureRequest) -> AsyncIterator[Box]:
    """A box whose agent is stopped, and one whose agent runs: commands must not tell them apart."""
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "running":
            await stack.enter_async_context(box.agent())
        yield box


async def hold_two(box: Box) -> None:
    """Put two uplinks into the journal: one that the city refused and one that no decoder could read."""
    box.journal.parent.mkdir()
    journal = await Journal.open(box.journal, clock=clock, destinations=["goteborg"])
    uplinks = tuple(uplink(f_cnt, payload=bytes.fromhex("0102")) for f_cnt in (7, 8))
    refused, undecoded = await journal.commit(Changes(uplinks=uplinks))
    held = {
        refused: Hold(kind=HeldKind.REFUSED, reason="0x87 Not\nauthorized"),
        undecoded: Hold(kind=HeldKind.UNDECODED, reason="truncated: 2 octets", decoder="elsys/ers@1"),
    }
    await journal.settle("goteborg", Settlement(held=held))
    await journal.close()


# ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_import_can_be_repeated_and_changes_what_the_file_changes(any_box: Box) -> None:
    first = await any_box.brygga("device", "import", "devices.csv")
    second = await any_box.brygga("device", "import", "devices.csv")
    third = await any_box.brygga("device", "import", "-", stdin=DEVICES.replace("Library", "Bibliotek"))

    assert first == said(SEEN, "2 added, 0 changed, 0 unchanged")
    assert second == said(SEEN, "0 added, 0 changed, 2 unchanged")
    assert third == said(FED, "0 added, 1 changed, 1 unchanged")


async def test_devices_are_listed_the_same_with_and_without_an_agent(any_box: Box) -> None:
    await any_box.brygga("device", "import", "devices.csv")

    listed = await any_box.brygga("device", "list")
    as_json = await any_box.brygga("device", "list", "--json")

    assert listed == said(*LIST)
    assert [one["dev_eui"] for one in json.loads(as_json.output)] == ["a81758fffe0a0001", "a81758fffe0a0002"]


async def test_a_device_is_shown_without_its_keys(any_box: Box) -> None:
    await any_box.brygga("device", "import", "devices.csv")

    shown = await any_box.brygga("device", "show", "A8-17-58-FF-FE-0A-00-02")
    as_json = await any_box.brygga("device", "show", "a81758fffe0a0002", "--json")

    assert [line for line in shown.output.splitlines() if not line.startswith("last heard")] == [
        "DevEUI      a81758fffe0a0002",
        "name        Well at Delsjön",
        "decoder     decentlab/dl-ctd10",
        "activation  abp, LoRaWAN 1.0.3, class A",
        "JoinEUI     any",
        "measures    -",
        "place       -",
        "tags        water",
        "session     DevAddr 26011b05 (activation 26011b05-abp0), next uplink 0, next downlink 0",
        "downlinks   none wait",
    ]
    assert json.loads(as_json.output)["sessions"][0]["dev_addr"] == "26011b05"
    assert KEY not in shown.output + as_json.output


async def test_an_export_without_keys_comes_back_and_destroys_none(any_box: Box) -> None:
    await any_box.brygga("device", "import", "devices.csv")
    before = await any_box.brygga("device", "export", "--with-keys")

    exported = await any_box.brygga("device", "export", "plain.csv")
    imported = await any_box.brygga("device", "import", "plain.csv")

    assert exported == said("wrote plain.csv (without keys; --with-keys writes them too)")
    assert KEY not in (any_box.folder / "plain.csv").read_text(encoding="utf-8")
    assert imported == said("plain.csv: devices CSV of Brygga", "0 added, 0 changed, 2 unchanged")
    assert await any_box.brygga("device", "export", "--with-keys") == before
    assert before.output.count(KEY) == 3


async def test_an_export_without_keys_is_refused_where_the_devices_are_not_known(box: Box, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    await box.brygga("device", "import", "devices.csv")
    await box.brygga("device", "export", "other/plain.csv")

    outcome = await make_box(tmp_path / "other").brygga("device", "import", "plain.csv")

    assert outcome == complained(
        78,
        "plain.csv line 2: app_key: missing: an OTAA device joins with it "
        "(activation = abp needs dev_addr, nwk_s_key, app_s_key)",
        "plain.csv line 3: nwk_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
        "plain.csv line 3: app_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
    )


async def test_an_export_with_keys_moves_devices_to_another_box(box: Box, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_box(tmp_path / "other")
    await box.brygga("device", "import", "devices.csv")

    exported = await box.brygga("device", "export", "--with-keys", "other/all.csv")
    imported = await other.brygga("device", "import", "all.csv")

    assert exported == said("wrote other/all.csv (with keys: keep it safe)")
    assert stat.S_IMODE((other.folder / "all.csv").stat().st_mode) == 0o600
    assert imported == said("all.csv: devices CSV of Brygga", "2 added, 0 changed, 0 unchanged")
    assert await other.brygga("device", "list") == said(*LIST)


async def test_a_file_that_was_readable_by_all_is_not_after_an_export(box: Box) -> None:
    (box.folder / "all.csv").touch(mode=0o644)
    await box.brygga("device", "import", "devices.csv")

    await box.brygga("device", "export", "--with-keys", "all.csv")

    assert stat.S_IMODE((box.folder / "all.csv").stat().st_mode) == 0o600


async def test_one_wrong_line_keeps_the_whole_file_out_and_every_problem_is_told(box: Box) -> None:
    wrong = DEVICES + f"a81758fffe0a000,x,Elsys,otaa,{KEY},,,,\na81758fffe0a0001,,,otaa,{KEY[:-1]},,,,\n"

    outcome = await box.brygga("device", "import", "-", stdin=wrong)

    assert outcome == complained(
        78,
        "standard input line 4: dev_eui: 15 hex digits where 16 are expected",
        "standard input line 4: decoder: 'Elsys' is no vendor/model in lower-case letters, e.g. elsys/ers",
        "standard input line 5: app_key: a key has 32 hex digits",
        "standard input line 5: dev_eui: a81758fffe0a0001 stands in line 2 already",
    )
    assert (await box.brygga("device", "list")).output.startswith("no devices")


async def test_a_file_that_is_not_utf_8_is_said_so(box: Box) -> None:
    (box.folder / "latin.csv").write_bytes("dev_eui,name\na81758fffe0a0001,Delsjön\n".encode("latin-1"))

    missing = await box.brygga("device", "import", "nowhere.csv")

    assert await box.brygga("device", "import", "latin.csv") == complained(
        78, 'latin.csv: not UTF-8 text (octet 35): save it as "CSV UTF-8"'
    )
    assert missing == complained(78, "nowhere.csv: No such file or directory")


async def test_a_device_is_added_and_what_comes_next_is_said(any_box: Box) -> None:
    one = ("device", "add", "--dev-eui", "A8:17:58:FF:FE:0A:00:03", "--app-key", KEY, "--decoder", "elsys/ers")

    added = await any_box.brygga(*one)
    again = await any_box.brygga(*one)

    assert added == said(
        "1 added, 0 changed, 0 unchanged",
        "Next: switch the device on; `brygga device show a81758fffe0a0003` tells when it has joined",
    )
    assert again == said("0 added, 0 changed, 1 unchanged")


async def test_of_a_device_without_a_decoder_it_is_said_which_it_may_need(any_box: Box) -> None:
    bare = ("device", "add", "--dev-eui", "A8:17:58:FF:FE:0A:00:03", "--app-key", KEY)

    several = await any_box.brygga(*bare)
    named = await any_box.brygga(*bare, "--name", "ELT Ultrasonic at the quay")
    nobodys = await any_box.brygga("device", "add", "--dev-eui", "0102030405060708", "--app-key", KEY)

    assert "no decoder is named; its DevEUI begins a81758: Elsys (Elektronik System i Umeå)" in several.output
    assert "\n  elsys/ems, elsys/ers, " in several.output
    assert "it is called 'ELT Ultrasonic at the quay'\n" in named.output
    assert "--decoder NAME` names one:\n  elsys/elt-ultrasonic\n" in named.output
    assert "nobody knows its maker by its DevEUI" in nobodys.output


async def test_a_change_of_a_name_keeps_the_rest_of_a_device(box: Box) -> None:
    await box.brygga("device", "import", "devices.csv")

    changed = await box.brygga("device", "add", "--dev-eui", "a81758fffe0a0002", "--name", "Well")

    assert changed == said("0 added, 1 changed, 0 unchanged")
    exported = await box.brygga("device", "export", "--with-keys")
    assert f",Well,decentlab/dl-ctd10,abp,1.0.3,A,,,26011b05,{KEY},{KEY}," in exported.output


async def test_adding_a_device_with_other_keys_tells_every_problem_and_repeats_no_key(box: Box) -> None:
    outcome = await box.brygga(
        "device", "add", "--dev-eui", "a81758fffe0a00", "--app-key", OTHER_KEY + "f", "--latitude", "95"
    )

    assert outcome == complained(
        78,
        "device add: dev_eui: 14 hex digits where 16 are expected",
        "device add: app_key: a key has 32 hex digits",
        "device add: latitude: 95 is not within -90 to 90 degrees",
    )


async def test_a_decoder_that_is_not_installed_is_a_warning(box: Box) -> None:
    outcome = await box.brygga("device", "import", "-", stdin=DEVICES.replace("elsys/ers", "elsys/esr"))

    assert outcome == Outcome(
        0,
        f"{FED}\n2 added, 0 changed, 0 unchanged\n",
        "warning: there is no decoder elsys/esr: the uplinks of 1 device are kept undecoded until there is; "
        "did you mean elsys/ers?\n",
    )


async def test_devices_are_removed_and_a_strange_one_is_named(any_box: Box) -> None:
    await any_box.brygga("device", "import", "devices.csv")

    outcome = await any_box.brygga("device", "remove", "a81758fffe0a0001", "a81758fffe0a0009")

    assert outcome == Outcome(1, "1 removed\n", "there is no device a81758fffe0a0009\n")
    assert (await any_box.brygga("device", "show", "a81758fffe0a0001")) == complained(
        78, "there is no device a81758fffe0a0001; did you mean a81758fffe0a0002?"
    )


async def test_on_a_terminal_the_key_and_the_decoder_of_a_new_device_are_asked_for_and_the_key_is_not_shown(
    box: Box,
) -> None:
    terminal, end = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        BRYGGA, "device", "add", "--dev-eui", "a81758fffe0a0003", cwd=box.folder, start_new_session=True,
        stdin=end, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            prompt = await process.stderr.readuntil(b"in front): ")
            os.write(terminal, f"{KEY}\n".encode())
            question = await process.stdout.readuntil(b"none yet): ")
            os.write(terminal, b"ers-sound\n")
            output, complaints = await process.communicate()
    finally:
        os.close(end)
        os.close(terminal)

    assert prompt.startswith(b"AppKey (32 hex digits")
    assert question.startswith(b"1 added, 0 changed, 0 unchanged\nno decoder is named; its DevEUI begins a81758: Elsys")
    assert output.startswith(b"decoder: elsys/ers-sound\nNext:")
    assert KEY.encode() not in question + output + complaints
    exported = (await box.brygga("device", "export", "--with-keys")).output
    assert KEY in exported
    assert ",elsys/ers-sound," in exported


@pytest.mark.parametrize("any_box", ["running"], indirect=True)
async def test_ten_thousand_devices_cross_the_control_socket(any_box: Box) -> None:
    rows = "".join(f"{index:016x};{KEY};sensor {index};elsys/ers\n" for index in range(10_000))
    text = f"dev_eui;app_key;name;decoder\n{rows}"

    first = await any_box.brygga("device", "import", "-", stdin=text)
    second = await any_box.brygga("device", "import", "-", stdin=text)
    listed = await any_box.brygga("device", "list")

    assert first == said(FED, "10000 added, 0 changed, 0 unchanged")
    assert second == said(FED, "0 added, 0 changed, 10000 unchanged")
    assert listed.output.endswith("\n10000 devices, 10000 of them not joined yet\n")
    assert listed.output.count("\n") == 10_002


# ── status, and what stands in a command's way ──────────────────────────────────────────────────────────────────────


async def test_the_status_of_a_stopped_box_is_what_its_journal_says(box: Box) -> None:
    await hold_two(box)

    outcome = await box.brygga("status")

    assert outcome.output.splitlines()[0] == "roof: not running; this is what its journal says"
    assert outcome.output.splitlines()[1].startswith("journal: 2 uplinks kept, ")
    *_, destination, held_back = outcome.output.splitlines()  # what is written to this machine's card may stand before
    assert destination.split() == ["goteborg", "agent", "stopped", "0", "2"]
    assert "refused 1, undecoded 1" in held_back


async def test_the_status_of_a_running_agent_shows_source_network_and_destinations(box: Box) -> None:
    await box.brygga("device", "import", "devices.csv")
    async with box.agent():
        outcome = await box.brygga("status")

    shown = outcome.output.splitlines()
    assert shown[0].startswith("roof: running for ")
    assert shown[1].startswith("clock: ")
    assert any(line.startswith("source mast: listens on 127.0.0.1:") for line in shown)
    assert "network: 2 devices, 1 sessions; since the start 0 frames, 0 uplinks, 0 joins" in shown
    assert any(line.split() == ["goteborg", "no", "contact", "yet", "0", "0", "0", "never"] for line in shown)


async def test_a_box_that_never_ran_says_that_it_has_no_journal_yet(box: Box) -> None:
    outcome = await box.brygga("device", "list")

    assert outcome == complained(
        78,
        f"{box.journal}: there is no journal yet: `brygga run`, `brygga device add` and `brygga device import` make it "
        "(gateway.data names its folder)",
    )


async def test_a_journal_that_another_process_holds_is_said_so(box: Box) -> None:
    box.journal.parent.mkdir()
    journal = await Journal.open(box.journal, clock=clock)

    outcome = await box.brygga("device", "list")

    await journal.close()
    assert outcome == complained(
        1,
        f"{box.journal}.lock: process {os.getpid()} holds the journal, and no agent answers at {box.socket}: "
        "try again in a moment",
    )


async def test_a_socket_left_from_a_crash_is_no_hindrance(box: Box) -> None:
    await box.brygga("device", "import", "devices.csv")
    server = await asyncio.start_unix_server(lambda _, writer: writer.close(), box.socket)
    server.close()
    assert box.socket.exists()

    assert await box.brygga("device", "list") == said(*LIST)


async def test_without_a_configuration_the_places_looked_at_are_named(tmp_path: Path) -> None:
    outcome = await Box(tmp_path).brygga("status")

    assert outcome.code == 78
    assert outcome.complaints.startswith("no configuration: none of brygga.toml, /etc/brygga/brygga.toml exists")


async def test_a_configuration_without_problems_leads_to_the_next_step(box: Box) -> None:
    outcome = await box.brygga("check")

    assert outcome == said("brygga.toml: no problems. Next: brygga run --config brygga.toml")


async def test_a_pipe_whose_reader_has_gone_is_no_error(box: Box) -> None:
    await box.brygga("device", "import", "devices.csv")
    reading, writing = os.pipe()
    os.close(reading)

    process = await asyncio.create_subprocess_exec(
        BRYGGA, "device", "list", cwd=box.folder, stdout=writing, stderr=asyncio.subprocess.PIPE
    )
    os.close(writing)
    _, complaints = await process.communicate()

    assert (process.returncode, complaints) == (0, b"")


def test_a_terminal_is_told_that_a_long_import_is_at_work(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = asyncio.Event()
    words: list[str] = []

    def working(what: str) -> contextlib.nullcontext[None]:
        words.append(what)
        told.set()
        return contextlib.nullcontext()

    async def slow(*_: object) -> dict[str, object]:
        async with asyncio.timeout(LIMIT_S):
            await told.wait()
        return {"added": 1, "changed": 0, "unchanged": 0, "warnings": [], "kind": "devices CSV of Brygga"}

    monkeypatch.setattr(cli, "PATIENCE", 0.0)
    monkeypatch.setattr(show, "working", working)
    monkeypatch.setattr(control, "ask", slow)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    code = cli.main(["device", "import", str(box.folder / "devices.csv"), "--config", str(box.folder / "brygga.toml")])

    assert (code, words) == (0, ["importing devices.csv …"])
    assert capsys.readouterr().out == f"{SEEN}\n1 added, 0 changed, 0 unchanged\n"


# ── dead letters ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_dead_letters_are_listed_shown_tried_again_and_dropped(box: Box) -> None:
    await hold_two(box)

    listed = await box.brygga("dead-letters", "list")
    refused = await box.brygga("dead-letters", "list", "--kind", "refused", "--json")
    shown = await box.brygga("dead-letters", "show", "1")
    retried = await box.brygga("dead-letters", "retry", "--kind", "undecoded")
    dropped = await box.brygga("dead-letters", "drop", "1")
    after = await box.brygga("dead-letters", "list")

    assert listed == said(
        "id  destination  DevEUI            FCnt  heard                why",
        "1   goteborg     70b3d57ed0001234  7     2026-11-24 12:00:00  refused by the platform: 0x87 Not authorized",
        "2   goteborg     70b3d57ed0001234  8     2026-11-24 12:00:00  not understood by a decoder: truncated: 2 octets",
        "`brygga dead-letters show ID` tells all of one, `brygga dead-letters retry ID` sends it again",
    )
    assert [one["id"] for one in json.loads(refused.output)] == [1]
    assert shown == said(
        "id        1",
        f"uplink    {uplink(7).id}",
        "DevEUI    70b3d57ed0001234",
        "FCnt      7",
        "FPort     2",
        "heard     2026-11-24 12:00:00 UTC",
        "payload   0102",
        "goteborg  refused by the platform at 2026-11-24 12:00:00 UTC",
        "          0x87 Not",
        "          authorized",
    )
    assert retried == said("1 will be tried again")
    assert dropped == said("1 dropped")
    assert after == said("no dead letters")


async def test_dead_letters_of_a_running_agent_are_the_same(box: Box) -> None:
    await hold_two(box)
    before = await box.brygga("dead-letters", "list")

    async with box.agent():
        during = await box.brygga("dead-letters", "list")

    assert during == before
    assert before.output.count("\n") == 4


async def test_a_dead_letter_or_destination_that_is_not_there_is_said_so(box: Box) -> None:
    await hold_two(box)

    assert await box.brygga("dead-letters", "retry", "99") == complained(78, NO_LETTER)
    assert await box.brygga("dead-letters", "drop", "99") == complained(78, NO_LETTER)
    assert await box.brygga("dead-letters", "show", "99") == complained(
        78, NO_LETTER.replace("such dead letter", "dead letter 99")
    )
    assert await box.brygga("dead-letters", "list", "--destination", "göteborg") == complained(
        78, "there is no destination göteborg; did you mean goteborg?"
    )
    assert (await box.brygga("dead-letters", "drop")).code == 78
    assert (await box.brygga("dead-letters", "list", "--kind", "lost")).code == 2


# ── decoding ────────────────────────────────────────────────────────────────────────────────────────────────────────

ERS = ("decode", "--decoder", "elsys/ers", "--port", "5")


async def test_a_payload_is_decoded_without_any_configuration(tmp_path: Path) -> None:
    outcome = await Box(tmp_path).brygga(*ERS, "0100e2 0229", "04 0027")

    assert outcome == said(
        "quantity           value  unit  channel  at",
        "air_temperature    22.6   Cel",
        "relative_humidity  41     %",
        "illuminance        39     lx",
        "fields: temperature=22.6, humidity=41, light=39",
    )


async def test_a_payload_is_decoded_as_json_too(tmp_path: Path) -> None:
    outcome = await Box(tmp_path).brygga(*ERS, "--json", "0100e2")

    assert json.loads(outcome.output)["readings"] == [
        {
            "quantity": "air_temperature",
            "value": 22.6,
            "unit": "Cel",
            "channel": None,
            "at": None,
            "plausibility": "plausible",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (
            ("--decoder", "elsys/esr", "--port", "5", "00"),
            78,
            "there is no decoder 'elsys/esr'; did you mean elsys/ers",
        ),
        (("--decoder", "elsys/ers", "--port", "0", "00"), 78, "--port 0: an application's FPort is 1 to 255"),
        (("--decoder", "elsys/ers", "--port", "5", "0x0"), 78, "payload '0x0': not an even number of hex digits"),
        (("--decoder", "elsys/ers", "--port", "5", "0100"), 1, "elsys/ers cannot read this: truncated"),
    ],
)
async def test_what_cannot_be_decoded_is_said_so(
    tmp_path: Path, arguments: tuple[str, ...], code: int, expected: str
) -> None:
    outcome = await Box(tmp_path).brygga("decode", *arguments)

    assert (outcome.code, outcome.output) == (code, "")
    assert outcome.complaints.startswith(expected)


async def test_a_decoder_of_the_configured_folder_is_found_and_its_bugs_are_told(box: Box) -> None:
    folder = box.folder / "ours" / "acme"
    folder.mkdir(parents=True)
    source = (ROOT / "decoders" / "catalogue" / "talkpool" / "oy1210.yaml").read_text(encoding="utf-8")
    (folder / "th.yaml").write_text(source, encoding="utf-8")
    with (box.folder / "brygga.toml").open("a", encoding="utf-8") as file:
        file.write('[decoders]\nfolder = "ours"\n')

    here = await box.brygga("decode", "--decoder", "acme/th", "--port", "2", "00")
    catalogue = await box.brygga("decode", "--decoder", "talkpool/oy1210", "--port", "2", "00")

    assert here.complaints == catalogue.complaints.replace("talkpool/oy1210", "acme/th")
    assert here.code == catalogue.code == 1


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("words", "example"), [(one.words, one.example) for one in command_line.COMMANDS])
def test_every_example_of_the_help_can_be_typed(words: str, example: str) -> None:
    arguments = shlex.split(example.partition(" | ")[0])

    options = command_line.parser().parse_args(arguments[1:])

    assert arguments[0] == "brygga"
    assert options.command == words


def test_every_command_has_its_deed() -> None:
    assert sorted(command.words for command in command_line.COMMANDS) == sorted(cli.COMMANDS)


@pytest.mark.parametrize("columns", ["40", "200"])
def test_the_reference_is_what_the_commands_say_whatever_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    script = runpy.run_path(str(ROOT / "scripts" / "generate_commands.py"))

    assert script["PAGE"].read_text(encoding="utf-8") == script["render"]()
    assert os.environ["COLUMNS"] == columns
