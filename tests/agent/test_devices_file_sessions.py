"""A joined device's session and nonces in a devices file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.devices_file import read_csv, write_csv, write_csv_with_keys
from gateway.devices_file.columns import ranges
from gateway.journal import Nonces, Registration
from gateway.model import Device, Key, MacVersion, RootKeys, Session, SessionKeys, moved_activation
from tests.journal.samples import DEV_EUI, otaa, session

KEYS = SessionKeys(
    f_nwk_s_int_key=Key(bytes([1]) * 16),
    s_nwk_s_int_key=Key(bytes([2]) * 16),
    nwk_s_enc_key=Key(bytes([3]) * 16),
    app_s_key=Key(bytes([4]) * 16),
)
ROOT_KEYS = RootKeys(app_key=Key(bytes([5]) * 16), nwk_key=Key(bytes([6]) * 16))
IN_USE = replace(
    session(70_000, "26011bda-17"), n_f_cnt_down=9, rx1_delay_s=5, rx2_data_rate=3, confirmed_f_cnt_up=69_990
)
NONCES = Nonces(dev_eui=DEV_EUI, join_nonce=18, dev_nonces=frozenset({0, 1, 2, 7, 65_535}))
JOINED = Registration(device=Device(dev_eui=DEV_EUI), root_keys=otaa(1).root_keys, session=IN_USE, nonces=NONCES)
V1_1 = Registration(
    device=Device(dev_eui=DEV_EUI, mac_version=MacVersion.V1_1),
    root_keys=ROOT_KEYS,
    session=replace(IN_USE, mac_version=MacVersion.V1_1, keys=KEYS, a_f_cnt_down=4),
    nonces=replace(NONCES, dev_nonces=frozenset()),
)
BEGIN = f"dev_eui,app_key,dev_addr,nwk_s_key,app_s_key\n{DEV_EUI},{'0a' * 16}"


def moved_on(**changed: str) -> str:
    """Return the export of the joined device with other texts in some of its cells."""
    header, row = write_csv_with_keys([JOINED]).splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | changed
    return f"{','.join(cells)}\n{','.join(cells.values())}\n"


@pytest.mark.parametrize("registration", [JOINED, V1_1], ids=["1.0.3", "1.1"])
def test_a_joined_device_reads_back_as_it_was(registration: Registration) -> None:
    assert read_csv(write_csv_with_keys([registration]), "devices.csv") == ([registration], [])


def test_a_session_that_has_its_name_from_elsewhere_keeps_it() -> None:
    moved = replace(IN_USE, activation=moved_activation(DEV_EUI, IN_USE.dev_addr, IN_USE.keys))

    assert read_csv(write_csv_with_keys([replace(JOINED, session=moved)]), "x")[0][0].session == moved


def test_without_keys_there_is_no_session_and_no_nonce() -> None:
    text = write_csv([JOINED])
    (found,), _ = read_csv(text, "devices.csv", {DEV_EUI: replace(JOINED, session=None, nonces=None)})

    assert not {"session_name", "dev_nonces", "next_join_nonce", "f_cnt_up"} & set(text.splitlines()[0].split(","))
    assert found.nonces is None


def test_a_session_that_no_export_of_ours_named_is_one_from_elsewhere() -> None:
    (found,), problems = read_csv(f"{BEGIN},26011bda,{'01' * 16},{'02' * 16}\n", "devices.csv")

    assert problems == []
    assert isinstance(found.session, Session)
    assert found.session.activation == moved_activation(DEV_EUI, found.session.dev_addr, found.session.keys)


def test_a_joined_device_without_session_keys_brings_none() -> None:
    (found,), problems = read_csv(f"{BEGIN},26011bda,,\n", "devices.csv")

    assert (found.session, problems) == (None, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{BEGIN},26011bda,,{'02' * 16}\n", "nwk_s_key: missing: a session needs dev_addr, nwk_s_key, app_s_key"),
        (moved_on(session_name="26011bdb-17"), "session_name: 26011bdb-17 is no session of DevAddr 26011bda"),
        (moved_on(session_name="26011bda-abp0"), "session_name: '26011bda-abp0' is no name of a session"),
        (moved_on(dev_nonces="0-65536"), "dev_nonces: '65536' is no whole number from 0 to 65535"),
        (moved_on(dev_nonces="7-3"), "dev_nonces: '7-3' ends before it begins"),
        (moved_on(next_join_nonce="16777217"), "next_join_nonce: '16777217' is no whole number from 0 to 16777216"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(text: str, words: str) -> None:
    _, problems = read_csv(text, "devices.csv")

    assert any(problem.startswith(f"devices.csv line 2: {words}") for problem in problems), problems


@pytest.mark.parametrize(
    ("numbers", "text"), [(set(), ""), ({5}, "5"), ({0, 1, 2, 9}, "0-2 9"), ({3, 5, 4, 7, 8}, "3-5 7-8")]
)
def test_nonces_are_written_in_short(numbers: set[int], text: str) -> None:
    assert ranges(numbers) == text
