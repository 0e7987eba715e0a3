"""The devices file: what installers write and spreadsheets make of it, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from decoders.registry import Registry
from gateway.devices_file import COLUMNS, read_cells, read_csv, write_csv, write_csv_with_keys
from gateway.devices_file.registration import WORDS
from gateway.journal import Registration
from gateway.model import (
    Activation,
    Device,
    Entity,
    Eui64,
    Key,
    MacVersion,
    Place,
    RootKeys,
    Session,
    SessionKeys,
    dev_addr,
    eui64,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "devices.csv"
SECRET = "2b7e151628aed2a6abf7158809cf4f3c"  # NIST SP 800-38A, F.1.1
KEY = Key.parse(SECRET)
OTHER = Key(bytes(range(16)))

OTAA = Registration(
    device=Device(
        dev_eui=eui64("a81758fffe051d02"),
        name='Torget; "väst", 3',
        decoder="elsys/ers",
        device_class="C",
        join_eui=eui64("70b3d57ed0000000"),
        entity=Entity("WeatherObserved", "torget-1"),
        place=Place(57.7089, 0.00001, 12.5),
        tags=frozenset({"air", "öppen"}),
    ),
    root_keys=RootKeys(app_key=KEY),
)
OTAA_1_1 = Registration(
    device=Device(dev_eui=eui64("a81758fffe051d03"), mac_version=MacVersion.V1_1),
    root_keys=RootKeys(app_key=KEY, nwk_key=OTHER),
)
ABP = Registration(
    device=Device(dev_eui=eui64("a81758fffe051d04"), activation=Activation.ABP, mac_version=MacVersion.V1_0_2),
    session=Session(
        dev_eui=eui64("a81758fffe051d04"),
        dev_addr=dev_addr("26011bda"),
        activation="26011bda-abp3",
        mac_version=MacVersion.V1_0_2,
        keys=SessionKeys.v1_0(nwk_s_key=KEY, app_s_key=OTHER),
        f_cnt_up=70_000,
        n_f_cnt_down=12,
        rx1_delay_s=5,
        rx2_data_rate=3,
        rx2_frequency_hz=868_100_000,
        confirmed_f_cnt_up=69_999,
    ),
)
ABP_1_1 = Registration(
    device=Device(dev_eui=eui64("a81758fffe051d05"), activation=Activation.ABP, mac_version=MacVersion.V1_1),
    session=Session(
        dev_eui=eui64("a81758fffe051d05"),
        dev_addr=dev_addr("26011bdb"),
        activation="26011bdb-abp0",
        mac_version=MacVersion.V1_1,
        keys=SessionKeys(
            f_nwk_s_int_key=KEY,
            s_nwk_s_int_key=Key(b"s" * 16),
            nwk_s_enc_key=Key(b"e" * 16),
            app_s_key=OTHER,
        ),
        a_f_cnt_down=4,
    ),
)
ALL = [OTAA, OTAA_1_1, ABP, ABP_1_1]

BY_HAND = """# ours, "all of them

 DevEUI , AppKey,Latitude,LONGITUDE,Name,,
 # "none
,,,,,,
A8:17:58:FF:FE:05:1D:02, {key} ,57.7,+11.97, väst

"""


def known(registrations: Sequence[Registration]) -> dict[Eui64, Registration]:
    return {one.device.dev_eui: one for one in registrations}


def problems(text: str, registrations: Sequence[Registration] = ()) -> list[str]:
    return read_csv(text, "devices.csv", known(registrations))[1]


def devices(text: str, registrations: Sequence[Registration] = ()) -> list[Registration]:
    found, wrong = read_csv(text, "devices.csv", known(registrations))
    assert wrong == []
    return found


def test_what_is_written_with_keys_reads_back_as_it_was() -> None:
    assert devices(write_csv_with_keys(ALL)) == ALL


def test_what_is_written_without_keys_holds_none_and_changes_nothing_of_what_is_known() -> None:
    text = write_csv(ALL)
    found = devices(text, ALL)

    assert SECRET not in text
    assert "key" not in text.splitlines()[0]
    assert [one.device for one in found] == [one.device for one in ALL]
    assert [one.root_keys for one in found] == [one.root_keys for one in ALL]
    assert [one.session and one.session.keys for one in found] == [one.session and one.session.keys for one in ALL]


def test_an_export_without_keys_is_no_registration_on_a_box_that_knows_none() -> None:
    assert problems(write_csv([OTAA, ABP])) == [
        f"devices.csv line 2: app_key: {WORDS[Activation.OTAA, False]}",
        "devices.csv line 3: nwk_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
        "devices.csv line 3: app_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
    ]


def test_empty_key_cells_keep_the_keys_that_are_known() -> None:
    (found,) = devices("dev_eui,name,app_key\na81758fffe051d02,new,\n", [OTAA])

    assert found == replace(OTAA, device=replace(OTAA.device, name="new"))


def test_a_column_left_out_keeps_and_an_empty_cell_clears() -> None:
    (kept,) = devices("dev_eui\na81758fffe051d02\n", [OTAA])
    (cleared,) = devices(
        "dev_eui,name,decoder,join_eui,entity_type,entity_id,latitude,longitude,altitude_m,tags,activation,device_class\n"
        "a81758fffe051d02,,,,,,,,,,,\n",
        [OTAA],
    )

    assert kept == OTAA
    assert cleared.device == Device(dev_eui=OTAA.device.dev_eui, device_class="C")


def test_another_address_needs_keys_of_its_own() -> None:
    text = "dev_eui,dev_addr\na81758fffe051d04,26011bff\n"

    assert problems(text, [ABP]) == [
        "devices.csv line 2: nwk_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
        "devices.csv line 2: app_s_key: missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
    ]


def test_an_abp_device_that_is_to_join_from_now_on_has_no_session_left() -> None:
    (found,) = devices(f"dev_eui,activation,app_key\na81758fffe051d04,otaa,{SECRET}\n", [ABP])

    assert found.session is None
    assert found.device.activation is Activation.OTAA
    assert found.root_keys.app_key == KEY


@pytest.mark.parametrize(
    "text",
    [
        "dev_eui,app_key,latitude,longitude,name\na81758fffe051d02,{key},57.7,11.97,väst\n",
        "dev_eui;app_key;latitude;longitude;name\r\na81758fffe051d02;{key};57,7;11,97;väst\r\n",
        "dev_eui\tapp_key\tlatitude\tlongitude\tname\na81758fffe051d02\t{key}\t57,7\t11,97\tväst\n",
        "\ufeffsep=;\ndev_eui;app_key;latitude;longitude;name\na81758fffe051d02;{key};57,7;11,97;väst\n",
        '"dev_eui","app_key","latitude","longitude","name"\n"A8-17-58-FF-FE-05-1D-02","{key}","57,7","11.97","väst"',
        BY_HAND,
    ],
    ids=["plain", "swedish", "tab", "excel", "quoted", "by hand"],
)
def test_every_dialect_says_the_same(text: str) -> None:
    (found,) = devices(text.format(key=SECRET))

    assert found == Registration(
        device=Device(dev_eui=eui64("a81758fffe051d02"), name="väst", place=Place(57.7, 11.97)),
        root_keys=RootKeys(app_key=KEY),
    )


def test_every_problem_is_told_at_once_and_by_its_line() -> None:
    text = (
        "dev_eui,name,decodr,activation,mac_version,app_key,latitude,longitude,altitude_m,decoder,device_class,f_cnt_up\n"
        "# a comment does not move the lines\n"
        'a81758fffe051d0,"two\nlines",,,,,,,,,,\n'
        f"a81758fffe051d02,,,abb,1.2,{SECRET}0,91,11,,Elsys ERS,B,-1\n"
        f"a81758fffe051d03,,,,,{SECRET},57.7,,,elsys/ers,,\n"
        f"a81758fffe051d03,,,,,{SECRET},,,12,,,\n"
        f"1,23457E+15,,,,,{SECRET},,,,,,,,more\n"
        "70b3d57ed000123g,,,,,,1e1,,,,,\n"
        ",,,,,,,,,,,5\n"
    )

    assert problems(text) == [
        "devices.csv line 1: 'decodr' is no column; did you mean decoder?",
        "devices.csv line 3: dev_eui: 15 hex digits where 16 are expected",
        "devices.csv line 3: name: has a line break or another control character",
        "devices.csv line 5: activation: 'abb' is none of otaa, abp",
        "devices.csv line 5: mac_version: '1.2' is none of 1.0.0, 1.0.1, 1.0.2, 1.0.3, 1.0.4, 1.1",
        "devices.csv line 5: app_key: a key has 32 hex digits",
        "devices.csv line 5: latitude: 91 is not within -90 to 90 degrees",
        "devices.csv line 5: decoder: 'Elsys ERS' is no vendor/model in lower-case letters, e.g. elsys/ers",
        "devices.csv line 5: device_class: 'B' is none of A, C",
        "devices.csv line 5: f_cnt_up: '-1' is no whole number from 0 to 4294967295",
        "devices.csv line 6: longitude: missing where latitude is given",
        "devices.csv line 7: altitude_m: says nothing without latitude and longitude",
        "devices.csv line 7: dev_eui: a81758fffe051d03 stands in line 6 already",
        "devices.csv line 8: dev_eui: 1 hex digit where 16 are expected",
        "devices.csv line 8: latitude: this is no number, e.g. 57.7089",
        "devices.csv line 8: cell 15: line 1 names no such column; a text that has the delimiter in it needs quotes",
        "devices.csv line 9: dev_eui: '70b3d57ed000123g' has characters that are no hex digits",
        "devices.csv line 9: latitude: '1e1' is no number, e.g. 57.7089",
        "devices.csv line 10: dev_eui: missing",
    ]


def test_a_number_that_a_spreadsheet_made_of_an_eui_is_recognised() -> None:
    (told,) = problems("dev_eui;app_key\n1,23457E+15;\n")

    assert told == (
        "devices.csv line 2: dev_eui: '1,23457E+15' was rounded by a spreadsheet: "
        "format the column as text and enter it again"
    )


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "name" and not name.startswith("entity_")])
@pytest.mark.parametrize("secret", [SECRET, SECRET + "0", SECRET[:-1], f"{SECRET[:-1]}O", SECRET.upper()])
def test_no_problem_repeats_a_key_in_whichever_column_it_stands(column: str, secret: str) -> None:
    text = f"{column},dev_eui\n{secret},\n" if column != "dev_eui" else f"dev_eui\n{secret}\n"
    told = "\n".join(problems(text))

    assert told
    assert secret[:12].lower() not in told.lower()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "devices.csv: empty; its first line is to name the columns: dev_eui, name,"),
        ("# nothing\n\n;;;\n", "devices.csv: empty; its first line is to name the columns: dev_eui, name,"),
        ("a81758fffe051d02,x\n", "devices.csv line 1: 'a81758fffe051d02' is no column; those there are: dev_eui,"),
        ("dev_eui,dev_eui\n", "devices.csv line 1: dev_eui: two columns have this name"),
        ('dev_eui\n\n"a\nb\n', 'devices.csv line 3: a cell begins with a quote (") that is closed nowhere'),
        ('dev_eui\n"a"b\n', "devices.csv line 2: a quoted cell goes on after its closing quote"),
    ],
)
def test_what_is_no_devices_file_is_said_so(text: str, expected: str) -> None:
    found, wrong = read_csv(text, "devices.csv")

    assert found == []
    assert wrong[0].startswith(expected)


def test_a_file_without_a_first_line_says_that_one_is_missing() -> None:
    assert problems("a81758fffe051d02\n")[-1] == (
        "devices.csv line 1: there is no column dev_eui; the first line is to name the columns"
    )


def test_a_lorawan_1_1_device_needs_all_its_keys() -> None:
    header = "dev_eui,activation,mac_version,app_key,dev_addr,nwk_s_key,app_s_key\n"
    told = problems(
        f"{header}a81758fffe051d03,otaa,1.1,{SECRET},,,\n"
        f"a81758fffe051d04,abp,1.1,,26011bda,{SECRET},{SECRET}\n"
        f"a81758fffe051d05,abp,1.0.3,,26011bda,{SECRET},{SECRET}\n"
    )

    assert [line.split(": missing")[0] for line in told] == [
        "devices.csv line 2: nwk_key",
        "devices.csv line 3: s_nwk_s_int_key",
        "devices.csv line 3: nwk_s_enc_key",
    ]


def test_a_device_moved_to_lorawan_1_1_does_not_take_its_old_key_for_three() -> None:
    told = problems("dev_eui,mac_version\na81758fffe051d04,1.1\n", [ABP])

    assert [line.split(": missing")[0] for line in told] == [
        "devices.csv line 2: s_nwk_s_int_key",
        "devices.csv line 2: nwk_s_enc_key",
    ]


@pytest.mark.parametrize(
    ("spelled", "version"), [("1,1", "1.1"), ("1.0", "1.0.0"), ("1.1.0", "1.1"), ("1.0.4", "1.0.4")]
)
def test_a_version_may_be_spelled_as_people_do(spelled: str, version: str) -> None:
    (found,) = devices(f"dev_eui;mac_version;app_key;nwk_key\na81758fffe051d02;{spelled};{SECRET};{SECRET}\n")

    assert found.device.mac_version == version


def test_tags_are_parted_by_blanks_commas_or_semicolons() -> None:
    (found,) = devices(f'dev_eui,tags,app_key\na81758fffe051d02,"water north,old; own",{SECRET}\n')

    assert found.device.tags == {"water", "north", "old", "own"}


def test_one_device_is_read_from_its_cells_alone() -> None:
    found, wrong = read_cells({"dev_eui": "A81758FFFE051D02", "name": "new"}, known([OTAA]))
    nothing, told = read_cells({"dev_eui": "1", "latitude": "x"}, {})

    assert (found, wrong) == (replace(OTAA, device=replace(OTAA.device, name="new")), [])
    assert (nothing, told) == (
        None,
        ["dev_eui: 1 hex digit where 16 are expected", "latitude: 'x' is no number, e.g. 57.7089"],
    )


def test_the_example_is_right_and_its_decoders_are_there() -> None:
    found = devices(EXAMPLE.read_text(encoding="utf-8"))

    assert {one.device.activation for one in found} == set(Activation)
    assert {one.device.decoder for one in found} <= set(Registry.load().names())


def test_ten_thousand_devices_go_out_and_come_back() -> None:
    many = [replace(OTAA, device=replace(OTAA.device, dev_eui=eui64(f"{index:016x}"))) for index in range(10_000)]

    assert devices(write_csv_with_keys(many)) == many


def test_a_margin_and_a_counter_that_may_begin_again_are_read_and_written() -> None:
    header = "dev_eui,activation,dev_addr,nwk_s_key,app_s_key,adr_margin_db,counter_reset_allowed\n"
    (found,) = devices(f'{header}a81758fffe051d02,abp,26011234,{SECRET},{SECRET},"12,5",TRUE\n')

    (again,) = devices(write_csv([found]), [found])
    (cleared,) = devices("dev_eui,adr_margin_db,counter_reset_allowed\na81758fffe051d02,,\n", [found])

    assert (found.device.adr_margin_db, found.device.counter_reset_allowed) == (12.5, True)
    assert again.device == found.device
    assert (cleared.device.adr_margin_db, cleared.device.counter_reset_allowed) == (None, False)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("41,no", "adr_margin_db: 41 is not within 0 to 40 dB"),
        (",maybe", "counter_reset_allowed: 'maybe' is none of yes, no"),
        (
            ",yes",
            "counter_reset_allowed: yes is for ABP; an OTAA device joins anew, and its counters begin with the join",
        ),
    ],
)
def test_a_margin_or_a_permission_that_cannot_be_is_said(cells: str, words: str) -> None:
    header = "dev_eui,app_key,adr_margin_db,counter_reset_allowed\n"

    (said,) = problems(f"{header}a81758fffe051d02,{SECRET},{cells}\n")

    assert said.endswith(words)
