"""What people read: columns on a terminal of any width, times and sizes in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from gateway import spans
from gateway.commands import show, show_status
from gateway.commands.listing import Column, folded, lay_out, printable
from gateway.commands.show_source import standing
from gateway.model import Json

COLUMNS = (Column("id"), Column("name", is_cut=True), Column("kind", leaves=1), Column("note", leaves=2, is_cut=True))
ROWS = (("1", "Torget väst", "otaa", "roof"), ("22", "Bibliotekets läsesal", "abp", ""))

STATUS: dict[str, Any] = {
    "agent": {"name": "roof", "version": "0.1.0", "running": True},
    "pid": 7,
    "since_s": 7300.0,
    "clock": {"utc": "2026-11-24T12:00:00+00:00", "quality": "unsynchronised", "trusted": False, "words": "not yet ntp"},
    "sources": [
        {
            "name": "mast",
            "listening": "0.0.0.0:1700",
            "advice": ["the kernel gives 212 kB of 4194 kB of receive buffer: raise rmem_max", "3 datagrams are lost"],
            "counts": {"datagrams": 12, "push_data": 0},
            "dropped": {"not_json": 2},
            "gateways": {"b827ebfffe123456": {"last_seen_s": 0.4, "frames": 9, "can_transmit": False}},
        }
    ],
    "network": {
        "devices": 2, "sessions": 1, "counts": {"frames": 9, "uplinks": 8}, "refused": {"mic": 1}, "waiting_for_disk": 4,
        "unclaimed": {"kept": 7},
        "answers": {"sent_rx1": 3, "sent_rx2": 1, "rx1_too_late": 2, "rx2_duty_cycle": 1, "missed": 1},
        "duty_cycle": [
            {"source": "mast", "gateway": "b827ebfffe123456", "sub_band": "M", "spent_s": 9.04, "allowed_s": 36.0},
            {"source": "mast", "gateway": "b827ebfffe123456", "sub_band": "P2", "spent_s": 1.5, "allowed_s": None},
        ],
    },
    "downlinks_waiting": 2,
    "undecoded": {"elsys/ers: truncated": 2},
    "journal": {"rows": 8, "file_bytes": 19_456, "limit_bytes": 512_000_000},
    "destinations": {
        "goteborg": {
            "waiting": 5, "oldest_s": 400.0, "held": {"refused": 1}, "configured": True, "state": "stalled",
            "trouble": "mqtt://broker:\nrefused", "trouble_s": 65.0, "last_answer_s": None, "counts": {"delivered": 3, "skipped": 9},
            "problems": [{"problem": "co2 cannot be said in this format", "count": 2, "last_s": 400.0}], "transport": {"notes": ["cannot say no"]},
        },
        "old": {"waiting": 0, "oldest_s": None, "held": {}, "configured": False},
    },
}  # fmt: skip


def device_row(index: int) -> dict[str, Json]:
    return {
        "dev_eui": f"{0x70B3D57ED1000000 + index:016x}",
        "name": f"Vattenmätare Södra skogsgatan {index}",
        "decoder": "quandify/cubicmeter-1-1-copper",
        "activation": "otaa",
        "dev_addr": "26011bda" if index % 2 else None,
        "next_f_cnt_up": index if index % 2 else None,
        "last_heard_s": 300.0 if index % 2 else None,
        "tags": ["north", "water"],
    }


def lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    return list(lay_out(columns, rows, width))


def test_into_a_pipe_everything_goes_and_a_row_is_a_line() -> None:
    assert lines(COLUMNS, ROWS, None) == [
        "id  name                  kind  note",
        "1   Torget väst           otaa  roof",
        "22  Bibliotekets läsesal  abp",
    ]


def test_on_a_narrow_terminal_the_least_needed_columns_leave_first() -> None:
    assert lines(COLUMNS, ROWS, 35)[1] == "1   Torget väst           otaa"
    assert lines(COLUMNS, ROWS, 29)[1] == "1   Torget väst"


def test_what_is_still_too_wide_is_cut_where_it_may_be() -> None:
    assert lines(COLUMNS, ROWS, 17) == ["id  name", "1   Torget väst", "22  Bibliotekets…"]


def test_a_column_keeps_enough_to_tell_rows_apart_however_narrow_the_terminal() -> None:
    assert lines(COLUMNS, ROWS, 1) == ["id  name", "1   Torget …", "22  Bibliot…"]


def test_a_long_line_is_folded_between_words_on_a_terminal_only() -> None:
    line = "    ! lund: http://127.0.0.1:28099: connection refused: nothing listens there"

    assert folded(line, None) == [line]
    assert folded(line, 40) == [
        "    ! lund: http://127.0.0.1:28099:",
        "      connection refused: nothing",
        "      listens there",
    ]


def test_wide_characters_keep_the_columns_straight() -> None:
    (_, first, second) = lines((Column("a"), Column("b")), [("温度", "x"), ("t", "x")], None)

    assert cell_len(first[: first.index("x")]) == cell_len(second[: second.index("x")])


@pytest.mark.parametrize("hostile", ["\x1b[2Jx", "a\nb", "a\rb", "\x9b31mx"])
def test_nothing_that_a_terminal_would_obey_gets_through(hostile: str) -> None:
    assert printable(hostile).isprintable()
    assert all(line.isprintable() for line in lines((Column("a"),), [(hostile,)], 80))


def test_five_thousand_devices_fit_into_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "terminal_width", lambda: 80)

    show.devices([device_row(index) for index in range(5000)])

    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 5002
    assert max(map(cell_len, printed)) <= 80
    assert printed[0].split() == ["DevEUI", "name", "decoder", "DevAddr", "FCnt", "last", "heard"]
    assert printed[2] == "70b3d57ed1000001  Vattenmätare Sö…  quandify/cubicm…  26011bda  0     5 min ago"
    assert printed[-1] == "5000 devices, 2500 of them not joined yet"


def test_a_status_says_it_all_and_marks_what_needs_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    show_status.status(STATUS)

    assert capsys.readouterr().out.splitlines() == [
        "roof: running for 2 h (brygga 0.1.0, pid 7)",
        "clock: 2026-11-24T12:00:00+00:00, unsynchronised; not yet ntp",
        "source mast: listens on 0.0.0.0:1700",
        "    datagrams 12",
        "    dropped: not_json 2",
        "    gateway b827ebfffe123456: last heard now, 9 frames, cannot transmit",
        "    ! the kernel gives 212 kB of 4194 kB of receive buffer: raise rmem_max",
        "    ! 3 datagrams are lost",
        "network: 2 devices, 1 sessions; since the start 9 frames, 8 uplinks, 0 joins",
        "    not taken: mic 1; `brygga frames refused` tells why",
        "    7 frames of nobody's devices; `brygga frames unclaimed` tells whose",
        "    sent: rx1 3, rx2 1",
        "    tries that failed: rx1 too late 2, rx2 duty cycle 1",
        "    ! 1 answers or downlinks were not sent in any window",
        "    air of b827ebfffe123456, sub-band M: [#####...............] 9.0 of 36 s an hour",
        "    air of b827ebfffe123456, sub-band P2: 1.5 s in the last hour, no limit",
        "    ! 4 frames wait in memory, and go with the agent: the disk takes nothing",
        "    ! not decoded: elsys/ers: truncated 2",
        "downlinks: 2 wait; `brygga downlink list` shows them",
        "journal: 8 uplinks kept, 19.5 kB of at most 512.0 MB",
        "destination  state                 waiting  oldest  delivered  held back  last answer",
        "goteborg     stalled               5        7 min   3          refused 1  never",
        "old          no longer configured  0                           0",
        "    goteborg: 9 uplinks of devices that it does not select were passed over since the start",
        "    ! goteborg: for 65 s: mqtt://broker: refused",
        "    ! goteborg: cannot say no",
        "    ! goteborg: co2 cannot be said in this format (2 times, last 7 min ago)",
        (
            "    ! old: is no longer configured, and loses its oldest uplinks when room is short: if it has another name now "
            "`brygga destination rename old NEW`, if it is gone `brygga destination forget old`"
        ),
    ]


@pytest.mark.parametrize("state", ["no contact yet", "waiting for the clock", "refusing", "connection lost"])
def test_a_destination_that_takes_nothing_is_never_up_to_date(capsys: pytest.CaptureFixture[str], state: str) -> None:
    lost = {"notes": [], "connected": False, "last_error": "closed by the broker", "last_error_s": 240.0}
    one = {**STATUS["destinations"]["goteborg"], "state": state, "trouble": None, "waiting": 0, "transport": lost}

    show_status.status({**STATUS, "destinations": {"city": one}})

    printed = capsys.readouterr().out
    assert f"city         {state}" in printed
    assert "up to date" not in printed
    assert ("lost while idle (4 min ago: closed by the broker)" in printed) == (state == "connection lost")


def test_what_the_disk_did_to_the_journal_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_status.status({**STATUS, "journal": {**STATUS["journal"], "damaged": 2, "failed_commits": 7}})

    printed = capsys.readouterr().out
    assert "    ! 2 records cannot be read" in printed
    assert "    ! 7 times since the start the disk did not take" in printed


def test_a_destination_that_takes_what_waited_is_catching_up(capsys: pytest.CaptureFixture[str]) -> None:
    one = {**STATUS["destinations"]["goteborg"], "state": "delivering", "trouble": None}

    lane = {"name": "live", "history": 1200, "per_s": 20.0, "left_s": 60.0}
    behind = {**one, "lane": lane, "oldest": "2026-11-03T04:05:06+00:00"}
    strict = {**behind, "lane": {"name": "strict", "history": 1200, "per_s": 0.0, "left_s": None}}

    show_status.status({**STATUS, "destinations": {"city": behind, "kiruna": strict, "other": {**one, "waiting": 0}}})

    printed = capsys.readouterr().out
    assert "city         catching up" in printed
    assert "kiruna       catching up" in printed
    assert "other        up to date" in printed
    assert (
        "    city: 1200 uplinks since 2026-11-03 04:05 to catch up with, what is heard now goes first; 20 a second, some 60 s to go"
    ) in printed
    assert (
        "    kiruna: 1200 uplinks since 2026-11-03 04:05 to catch up with, oldest first; how long it takes" in printed
    )


def test_what_was_let_go_of_and_refused_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    one = {
        **STATUS["destinations"]["goteborg"], "given_up": 7, "given_up_since": "2026-11-03T04:05:06+00:00",
        "last_refusal": "400: no such entity", "last_refusal_s": 300.0,
    }  # fmt: skip

    show_status.status({**STATUS, "destinations": {"city": one}})

    printed = capsys.readouterr().out
    assert "    ! city: 7 uplinks were let go of since 2026-11-03, for they had waited too long" in printed
    assert "    ! city: refused last, 5 min ago: 400: no such entity" in printed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "never"), (0, "now"), (1.9, "now"), (2, "2 s ago"), (119, "119 s ago"), (240, "4 min ago"),
     (7200, "2 h ago"), (172_800, "2 days ago")],
)  # fmt: skip
def test_an_age_is_said_as_people_say_it(seconds: float | None, words: str) -> None:
    assert spans.ago(seconds) == words


@pytest.mark.parametrize(("octets", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_194_304, "4.2 MB")])
def test_a_size_is_said_as_people_say_it(octets: int, words: str) -> None:
    assert spans.size(octets) == words


def test_a_reading_that_cannot_be_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    reading = {
        "quantity": "motion",
        "value": True,
        "unit": "",
        "channel": None,
        "at": None,
        "plausibility": "implausible",
    }

    show.decoded({"readings": [reading], "fields": {"a": [1, None], "b": {"c": 2}}, "warnings": ["low\x1bbattery"]})

    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "quantity  value              unit  channel  at",
        "motion    yes (implausible)",
        "fields: a=1; -, b=c 2",
    ]
    assert printed.err == "warning: low battery\n"


def test_commands_of_a_platform_have_a_line_and_their_trouble_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    commands = {"counts": {"taken": 3, "refused": 1}, "states_waiting": 2, "trouble": "0x87 Not authorized"}
    city = {**STATUS["destinations"]["goteborg"], "commands": commands}

    show_status.status({**STATUS, "destinations": {"goteborg": city}})

    out = capsys.readouterr().out
    assert "    goteborg: 3 commands taken since the start, 1 refused; 2 states wait to be told\n" in out
    assert "    ! goteborg: states of commands are not told: 0x87 Not authorized\n" in out


def test_a_thousand_gateways_are_ten_lines_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    gateways = {
        f"{number:016x}": {"last_seen_s": 2000.0 - number, "frames": 0, "can_transmit": False} for number in range(1000)
    }
    source = {**STATUS["sources"][0], "gateways": gateways}

    show_status.status({**STATUS, "sources": [source]})

    shown = [line for line in capsys.readouterr().out.splitlines() if " gateways " in line or "gateway 0" in line]
    assert len(shown) == 11
    assert shown[0].startswith("    gateway 00000000000003de: last heard")
    assert shown[10] == "    and 990 gateways more, heard earlier; `brygga status --json` names all"


def test_gateways_that_the_status_does_not_name_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    gateways = {f"{number:016x}": {"last_seen_s": 1.0, "frames": 0, "can_transmit": False} for number in range(100)}
    source = {**STATUS["sources"][0], "gateways": gateways, "gateways_known": 1000}

    show_status.status({**STATUS, "sources": [source]})

    assert (
        "and 990 gateways more, heard earlier; `brygga status --json` names the last 100\n" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"type": "semtech_udp", "listening": "0.0.0.0:1700"}, "listens on 0.0.0.0:1700"),
        ({"type": "chirpstack_mqtt", "listening": "mqtt://hub:1883"}, "is connected to mqtt://hub:1883"),
        (
            {"type": "serial_modem", "listening": "/dev/ttyUSB0", "words": "no answers"},
            "is connected to /dev/ttyUSB0; no answers",
        ),
        ({"type": "recording", "listening": "week.jsonl"}, "plays week.jsonl"),
        (
            {"type": "chirpstack", "broker": {"connected": False, "last_error": "mqtt://hub:\nno"}},
            "away: mqtt://hub: no",
        ),
        (
            {"type": "chirpstack", "broker": {"last_error": "mqtt://hub: no"}, "advice": ["none: mqtt://hub: no"]},
            "away",
        ),
        ({"type": "chirpstack", "broker": {"connected": False, "last_error": None}}, "opens"),
        ({"type": "serial_modem", "listening": None, "state": "away"}, "away"),
        ({"listening": "0.0.0.0:1700"}, "listens on 0.0.0.0:1700"),
    ],
)
def test_a_source_stands_in_its_types_own_words(source: dict[str, Json], words: str) -> None:
    assert standing({"name": "roof", **source}) == words


def test_what_memory_holds_and_has_lost_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    network = {**STATUS["network"], "waiting_for_disk": 1, "counts": {"lost_for_want_of_disk": 6}}
    source = {**STATUS["sources"][0], "under_way": 4096, "dropped": {"overflow": 9}}
    journal = {**STATUS["journal"], "trouble": "j.db: the journal is full", "untold_lost": 3}

    show_status.status({**STATUS, "network": network, "sources": [source], "journal": journal})

    out = capsys.readouterr().out
    assert "    ! 4096 frames wait in memory, and go with the agent: j.db: the journal is full\n" in out
    assert "    ! 6 uplinks are lost: the disk took nothing, and memory was full\n" in out
    assert "    ! 9 frames are lost: too many others waited for the disk\n" in out
    assert "    ! 3 uplinks went before there was a destination to have them: the journal was full\n" in out


def test_dead_letters_that_went_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    city = {**STATUS["destinations"]["goteborg"], "held_lost": 7}

    show_status.status({**STATUS, "destinations": {"goteborg": city}})

    assert "    ! goteborg: 7 dead letters went, for their share of the journal is full" in capsys.readouterr().out


def test_dead_letters_of_several_kinds_are_told_whole_on_a_line_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mixed = {**STATUS["destinations"]["goteborg"], "held": {"refused": 1, "undated": 3, "undecoded": 0}, "lost": 7}

    show_status.status({**STATUS, "destinations": {"goteborg": mixed}})

    told = capsys.readouterr().out
    assert "    goteborg: held back: refused 1, undated 3; `brygga dead-letters list` tells why\n" in told
    assert (
        "7 uplinks went undelivered: the journal was full (raise journal.limit, or bring this one back), or was damaged"
        in told
    )
