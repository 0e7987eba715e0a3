"""Devices in and out through the `brygga` command: files of other networks, labels, sessions."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.desk.onboarding import FREQUENCY_PLANS, depart, depart_with_keys
from gateway.errors import ConfigError
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.region import REGIONS
from gateway.model import Device, Key, RootKeys, Session, eui64
from gateway.onboarding import is_moved, moved_activation
from tests.agent.commands import Box, Outcome, complained, make_box, said
from tests.journal.samples import clock, keys, session

VECTORS = Path(__file__).parents[1] / "vectors" / "onboarding"
TORGET = eui64("a81758fffe051d02")
KEY = "000102030405060708090a0b0c0d0e0f"
TR005 = "LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122"
JOINED = session(70, "26011bda-3", dev_eui=TORGET, key=7)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


async def sessions_of(box: Box) -> list[Session]:
    journal = await Journal.open(box.journal, clock=clock)
    found = [one for one in await journal.sessions() if one.dev_eui == TORGET]
    await journal.close()
    return found


async def put_joined(box: Box) -> None:
    """Put a device into the journal that has joined and is in use."""
    box.journal.parent.mkdir()
    journal = await Journal.open(box.journal, clock=clock)
    device = Device(dev_eui=TORGET, name="torget", decoder="elsys/ers")
    await journal.put_devices([Registration(device=device, root_keys=RootKeys(app_key=Key.parse(KEY)))])
    await journal.commit(Changes(sessions=(JOINED,), dev_nonces=((TORGET, 4), (TORGET, 5)), join_nonces=((TORGET, 4),)))
    await journal.close()


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("chirpstack_v4.json", "ChirpStack, JSON"),
        ("chirpstack_v4_answers.jsonl", "ChirpStack, JSON"),
        ("the_things_stack_export.jsonl", "The Things Stack, JSON"),
        ("the_things_stack.csv", "The Things Stack, CSV"),
    ],
)
async def test_a_file_of_another_network_is_recognised_and_its_session_goes_on(box: Box, file: str, kind: str) -> None:
    imported = await box.brygga("device", "import", str(VECTORS / file))
    again = await box.brygga("device", "import", str(VECTORS / file))
    (moved,) = await sessions_of(box)

    assert (imported.code, imported.output.splitlines()[0]) == (0, f"{file}: {kind}")
    assert again.output.splitlines()[1].startswith("0 added, 0 changed, ")
    assert is_moved(moved)
    assert moved.f_cnt_up == 2


async def test_the_one_key_of_a_1_0_device_that_chirpstack_calls_nwk_key_is_its_app_key(box: Box) -> None:
    await box.brygga("device", "import", str(VECTORS / "chirpstack_v4.json"))

    exported = await box.brygga("device", "export", "--with-keys")

    cells = next(row for row in csv.DictReader(exported.output.splitlines()) if row["dev_eui"] == TORGET)
    assert (cells["app_key"], cells.get("nwk_key", "")) == ("2b7e151628aed2a6abf7158809cf4f3c", "")


async def test_an_import_says_what_was_not_taken_over_as_warnings(box: Box) -> None:
    imported = await box.brygga("device", "import", str(VECTORS / "chirpstack_v4.json"))

    assert "warning: chirpstack_v4.json: a81758fffe051d02: variables are not taken over" in imported.complaints
    assert "not-a-real-token" not in imported.output + imported.complaints


async def test_an_import_keeps_what_is_known_here_and_no_other_network_says(box: Box) -> None:
    await box.brygga(
        "device", "add", "--dev-eui", TORGET, "--app-key", KEY, "--decoder", "elsys/ers", "--entity-id", "torget-1",
        "--tags", "air",
    )  # fmt: skip

    await box.brygga("device", "import", str(VECTORS / "chirpstack_v4.json"))
    shown = json.loads((await box.brygga("device", "show", TORGET, "--json")).output)

    assert (shown["decoder"], shown["entity"]["id"], shown["name"]) == ("elsys/ers", "torget-1", "Torget, temperatur")
    assert "air" in shown["tags"]
    assert "site=Stora-torget" in shown["tags"]


async def test_all_problems_of_a_file_are_told_at_once_and_nothing_is_imported(box: Box) -> None:
    broken = [
        {"device": {"devEui": "a81758fffe051d"}, "deviceKeys": {"nwkKey": KEY}},
        {"device": {"devEui": TORGET}, "deviceKeys": {"nwkKey": KEY[2:]}},
    ]

    refused = await box.brygga("device", "import", "-", stdin=json.dumps(broken))

    assert (refused.code, len(refused.complaints.splitlines())) == (78, 2)
    assert (await box.brygga("device", "list", "--json")).output == "[]\n"
    assert KEY[2:] not in refused.complaints


async def test_a_device_that_has_joined_here_is_refused_with_what_to_do(box: Box) -> None:
    await put_joined(box)

    refused = await box.brygga("device", "import", str(VECTORS / "chirpstack_v4.json"))
    await box.brygga("device", "remove", TORGET)
    imported = await box.brygga("device", "import", str(VECTORS / "chirpstack_v4.json"))

    assert refused == complained(
        78,
        f"{TORGET}: it has joined here and is in use (DevAddr 26011bda, next uplink 70), and the file brings another "
        f"session: leave the session out of the file, or first `brygga device remove {TORGET}`",
    )
    assert imported.code == 0
    assert [is_moved(one) for one in await sessions_of(box)] == [True]


# ── out ──


async def test_sessions_leave_only_together_with_keys(box: Box) -> None:
    await put_joined(box)

    refused = await box.brygga("device", "export", "--with-sessions")
    keys_alone = await box.brygga("device", "export", "--with-keys")

    assert refused == complained(78, "device export: --with-sessions needs --with-keys: session keys are keys, too")
    assert JOINED.keys.app_s_key.reveal().hex() not in keys_alone.output
    assert "dev_nonces" not in keys_alone.output


@pytest.mark.parametrize("form", ["csv", "chirpstack", "the_things_stack"])
async def test_an_export_without_keys_has_none_in_any_format(box: Box, form: str) -> None:
    await put_joined(box)

    exported = await box.brygga("device", "export", "--format", form)

    assert TORGET in exported.output.lower()
    for secret in (Key.parse(KEY), JOINED.keys.app_s_key, JOINED.keys.f_nwk_s_int_key):
        assert secret.reveal().hex() not in exported.output.lower()


@pytest.mark.parametrize("form", ["csv", "chirpstack", "the_things_stack"])
async def test_a_joined_device_goes_on_where_its_export_is_imported(box: Box, tmp_path: Path, form: str) -> None:
    (tmp_path / "other").mkdir()
    other = make_box(tmp_path / "other")
    await put_joined(box)

    exported = await box.brygga("device", "export", "--format", form, "--with-keys", "--with-sessions", "other/all")
    imported = await other.brygga("device", "import", "all")
    (arrived,) = await sessions_of(other)

    assert (
        "wrote other/all (with keys: keep it safe)\nNext: `brygga device remove` here, then import" in exported.output
    )
    assert (imported.code, imported.output.splitlines()[-1]) == (0, "1 added, 0 changed, 0 unchanged")
    assert (arrived.keys, arrived.f_cnt_up) == (keys(7), 70)
    kept = JOINED.activation if form == "csv" else moved_activation(TORGET, JOINED.dev_addr, JOINED.keys)
    assert arrived.activation == kept


async def test_nonces_travel_in_the_csv(box: Box, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_box(tmp_path / "other")
    await put_joined(box)

    await box.brygga("device", "export", "--with-keys", "--with-sessions", "other/all.csv")
    await other.brygga("device", "import", "all.csv")
    journal = await Journal.open(other.journal, clock=clock)
    nonces = await journal.dev_nonces(TORGET), await journal.join_nonce(TORGET)
    await journal.close()

    assert nonces == (frozenset({4, 5}), 4)


def test_a_format_that_there_is_not_is_refused_with_those_there_are() -> None:
    for write in (depart, depart_with_keys):
        with pytest.raises(ConfigError, match="'yaml' is none of csv, chirpstack, the_things_stack"):
            write([], "yaml", "EU868", datetime(2026, 11, 24, tzinfo=UTC))


def test_every_region_has_its_frequency_plan_in_the_things_stack() -> None:
    assert set(FREQUENCY_PLANS) == set(REGIONS)


# ── labels ──


async def test_a_qr_codes_text_and_a_key_are_a_device(box: Box) -> None:
    added = await box.brygga("device", "add", "--label", TR005, "--app-key", KEY, "--decoder", "elsys/ers")
    shown = json.loads((await box.brygga("device", "show", "aabbccddeeff0011", "--json")).output)

    assert added == said(
        "label: DevEUI aabbccddeeff0011, JoinEUI 1122334455667788, no keys",
        "1 added, 0 changed, 0 unchanged",
        "Next: switch the device on; `brygga device show aabbccddeeff0011` tells when it has joined",
    )
    assert shown["join_eui"] == "1122334455667788"


async def test_a_qr_code_without_a_key_asks_for_it_where_nobody_can_be_asked(box: Box) -> None:
    refused = await box.brygga("device", "add", "--label", TR005)

    assert refused.code == 78
    assert "device add: app_key: missing" in refused.complaints


async def test_a_typed_label_may_come_from_standard_input_to_stay_out_of_the_shells_history(box: Box) -> None:
    label = f"DevEUI: A8-17-58-FF-FE-05-1D-02\nAppEUI: 70B3D57ED0000001\nAppKey: {KEY}\n"

    added = await box.brygga("device", "add", "--label", "-", "--name", "Torget", stdin=label)
    exported = await box.brygga("device", "export", "--with-keys")

    assert added.output.startswith("label: DevEUI a81758fffe051d02, JoinEUI 70b3d57ed0000001, with AppKey\n1 added")
    assert KEY not in added.output
    assert f"{TORGET},Torget,,otaa,1.0.3,A,70b3d57ed0000001,{KEY}" in exported.output


async def test_an_abp_label_makes_an_abp_device(box: Box) -> None:
    label = f"DevEUI {TORGET} DevAddr 26011b05 NwkSKey {KEY} AppSKey {KEY}"

    added = await box.brygga("device", "add", "--label", label)

    assert (added.code, added.output.splitlines()[1]) == (0, "1 added, 0 changed, 0 unchanged")
    assert [one.activation for one in await sessions_of(box)] == ["26011b05-abp0"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--label", "LW:D0:11:AABBCCDDEEFF0011:AABB1122"], "label: JoinEUI: 2 hex digits where 16 are expected"),
        (["--label", f"{TR005}:C0000"], "label: its checksum does not fit: a character was misread"),
        (["--label", TR005, "--dev-eui", TORGET], f"--dev-eui is {TORGET} and the label's is aabbccddeeff0011"),
        (["--name", "nobody"], "device add: --dev-eui or --label: one of them says which device"),
    ],
)
async def test_a_label_that_cannot_be_is_refused_in_words(box: Box, arguments: list[str], words: str) -> None:
    refused = await box.brygga("device", "add", "--app-key", KEY, *arguments)

    assert isinstance(refused, Outcome)
    assert refused.code == 78
    assert words in refused.complaints


async def test_a_join_nonce_that_no_file_told_is_set_by_two_columns(box: Box) -> None:
    await put_joined(box)

    await box.brygga("device", "import", "-", stdin=f"dev_eui,next_join_nonce\n{TORGET},65536\n")
    journal = await Journal.open(box.journal, clock=clock)
    following, (kept,) = await journal.join_nonce(TORGET), await journal.sessions()
    await journal.close()

    assert (following, kept) == (65_536, JOINED)
