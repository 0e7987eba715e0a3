"""The commands about decoders, as a vendor types them: nothing else is needed, no configuration, no journal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands import decoder_try
from gateway.commands.cli import main
from gateway.commands.decoder_try import changes, flat, side_by_side

ROOT = Path(__file__).parent.parent.parent
HOSTILE = "function decodeUplink(input) { while (true) {} }"
JAVASCRIPT = """
function decodeUplink(input) {
  console.log("port", input.fPort);
  return {data: {temp: input.bytes[0] / 10, battery: 3.6}, warnings: ["a late one"]};
}
"""


@pytest.fixture(autouse=True)
def _an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["decoder", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


# ── the catalogue ──


def test_the_list_has_each_decoder_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "list", "--vendor", "Quandify")

    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        "decoder", "quandify/cubicmeter", "quandify/cubicmeter-1-1-copper", "quandify/cubicmeter-1-1-plastic", "3",
    ]  # fmt: skip


def test_a_decoder_is_found_by_what_it_measures(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "search", "vattenmätare", "quandify", "--json")

    assert code == 0
    assert json.loads(out)[0]["name"].startswith("quandify/")
    assert run(capsys, "search", "zzzzzzz")[:2] == (
        1, "nothing fits 'zzzzzzz'; fewer words find more, `brygga decoder import --help` brings more in\n",
    )  # fmt: skip


def test_all_of_a_decoder_is_shown_with_its_drawing_and_a_line_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "dragino/lht65")

    assert code == 0
    assert "takes commands" in out
    assert "brygga decoder try dragino/lht65 --port 2 " in out
    assert "FPort 2" in out


@pytest.mark.parametrize(
    "words", [("show", "milesight/am30"), ("try", "milesight/am30", "01"), ("bench", "milesight/am30")]
)
def test_a_name_that_is_none_is_a_clear_error(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, _, err = run(capsys, *words)

    assert code == 78
    assert err.startswith("there is no decoder 'milesight/am30'; did you mean milesight/am30")


# ── trying ──


def test_octets_fields_and_readings_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "try", "quandify/cubicmeter", "--port", "1")

    assert (code, err) == (0, "warning: Not sensing water\nwarning: Reverse flow\nwarning: Low battery\n")
    assert out.splitlines()[0] == "quandify/cubicmeter, port 1, 28 octets"
    assert out.splitlines()[1].split() == ["octets", "fields", "readings"]
    assert out.splitlines()[3].startswith("  0  00 00 00 00 80 81 e8 03   fPort 1 ")
    assert out.splitlines()[3].endswith("water_volume 1 m3")


def test_a_bare_file_anywhere_is_enough(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "My Sensor.js").write_text(JAVASCRIPT, encoding="utf-8")

    code, out, err = run(capsys, "try", "My Sensor.js", "--port", "2", "EA:00", "--json")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["f_port"], told["payload"], told["fields"]) == (2, "ea00", {"temp": 23.4, "battery": 3.6})
    assert told["warnings"] == ["a late one"]
    assert told["console"] == ["port 2"]


def test_a_payload_may_be_base64(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(JAVASCRIPT, encoding="utf-8")

    assert json.loads(run(capsys, "try", "x.js", "--base64", "6gA=", "--json")[1])["payload"] == "ea00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x.js", "0g"), "payload '0g': not an even number of hex digits (--base64 where it is that)"),
        (("x.js", "00", "--port", "0"), "--port 0: an application's FPort is 1 to 255"),
        (("x.js", "00", "--port", "300"), "--port 300: an application's FPort is 1 to 255"),
        (("x.js", "00", "--at", "noon"), "--at 'noon': a time such as 2026-05-01T12:00:00Z is expected"),
        (("x.js",), "decoder try: a payload in hex is missing, and "),
        (("y.js", "00"), "y.js: there is no such file"),
        (("quandify/cubicmeter", "--watch"), "decoder try --watch: quandify/cubicmeter is no file"),
    ],
)
def test_what_is_typed_wrong_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "x.js").write_text(JAVASCRIPT, encoding="utf-8")

    code, _, err = run(capsys, "try", *words)

    assert code == 78
    assert err.startswith(said)


def test_a_codec_that_never_ends_is_an_error_of_that_payload(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.js").write_text(HOSTILE, encoding="utf-8")

    code, out, err = run(capsys, "try", "x.js", "00")

    assert code == 1
    assert out.endswith("  0  00\n")
    assert "cannot read this: failed: " in err


def test_watching_shows_it_again_when_the_file_or_its_vectors_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "x.js"
    path.write_text("1", encoding="utf-8")
    saved: Iterator[Path] = iter([path, tmp_path / "x.vectors.yaml", tmp_path / "other.js"])
    sleeps = 0

    def sleep(_: float) -> None:
        nonlocal sleeps
        sleeps += 1
        if (one := next(saved, None)) is not None:
            one.write_text(f"{sleeps}" * 10, encoding="utf-8")
        elif sleeps > 5:
            raise KeyboardInterrupt

    shown: list[None] = []
    with pytest.raises(KeyboardInterrupt):
        shown.extend(changes(path, sleep))

    assert len(shown) == 3


def test_blocks_stand_below_each_other_where_the_terminal_is_narrow() -> None:
    blocks = [["octets", "0  00"], ["fields", "a 1", "b 2"], ["readings", "none"]]

    assert list(side_by_side(blocks, 60)) == ["── octets", "0  00", "── fields", "a 1", "b 2", "── readings", "none"]
    assert list(side_by_side(blocks, None)) == [
        "octets   fields   readings", "──────   ──────   ────────", "0  00    a 1      none", "         b 2",
    ]  # fmt: skip


def test_fields_are_listed_with_their_paths() -> None:
    fields = {"a": {"b": [1, 2], "c": [{"d": True}, {"d": None}]}, "e": {}, "f": "x\x1b[2J"}

    assert list(flat(fields)) == ["a.b 1, 2", "a.c[0].d yes", "a.c[1].d -", "e -", "f x [2J"]


@pytest.mark.parametrize("document", ["docs/decoders.md", "README.md"])
def test_what_the_documents_try_works(capsys: pytest.CaptureFixture[str], document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = re.findall(r"brygga decoder (try [a-z]+/\S+ --port \d+ [0-9A-Fa-f ]+)", text)

    assert lines
    for line in lines:
        assert run(capsys, *line.split())[0] == 0, line


# ── beginning and proving ──


def test_a_new_decoder_is_good_and_a_spoilt_one_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    laid_out = run(capsys, "new", "acme/th-1")
    good = run(capsys, "test")
    table = tmp_path / "acme" / "th-1.yaml"
    table.write_text(table.read_text(encoding="utf-8").replace("div: 10", "div: 5"), encoding="utf-8")
    spoilt = run(capsys, "test", "acme/th-1.yaml")

    assert laid_out[1].startswith("wrote acme/th-1.yaml\nwrote acme/th-1.vectors.yaml\n")
    assert (good[0], good[2]) == (0, "")
    assert good[1].startswith("acme/th-1: good: 4 payloads, ")
    assert spoilt[0] == 1
    assert (
        "vector 'a mild day' (00ea8264): fields.temperature: 46.8 where 23.4 is expected → mend the decoder"
        in spoilt[2]
    )
    assert "the reading air_temperature 46.8 Cel where air_temperature 23.4 Cel is expected" in spoilt[2]


def test_files_that_nothing_reads_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(capsys, "new", "acme/th-1")
    (tmp_path / "acme" / "th-2.yml").write_text("", encoding="utf-8")

    code, _, err = run(capsys, "test")

    assert code == 1
    assert "acme/th-2.yml: nothing reads .yml; th-2.yaml is right → move or rename it" in err


def test_an_empty_folder_has_nothing_to_prove(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "test") == (78, "", ".: no decoder here: <vendor>/<model>.yaml, .py or .js is expected\n")


def test_timing_names_each_decoder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decoders.workshop.timing.ENOUGH_S", 0.0)

    code, out, _ = run(capsys, "bench", "milesight/am307", "quandify/cubicmeter", "--json")

    assert code == 0
    assert [(one["name"], one["kind"]) for one in json.loads(out)] == [
        ("milesight/am307", "table"), ("quandify/cubicmeter", "python"),
    ]  # fmt: skip
    assert all(0 < one["p50_us"] <= one["p99_us"] for one in json.loads(out))


# ── mapping ──


def test_a_mapping_is_proposed_written_once_and_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(JAVASCRIPT, encoding="utf-8")

    printed = run(capsys, "map", "x.js", "ea00", "f000")
    written = run(capsys, "map", "x.js", "ea00", "f000", "--write")
    again = run(capsys, "map", "x.js", "ea00", "--write")
    told = json.loads(run(capsys, "try", "x.js", "ea00", "--json")[1])

    assert "{field: temp, quantity: air_temperature, unit: Cel}" in printed[1]
    assert written[0] == 0
    assert again[0] == 78
    assert "x.meta.yaml is there already" in again[2]
    assert {one["quantity"] for one in told["readings"]} == {"air_temperature", "battery_voltage"}


def test_nothing_is_left_running(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(JAVASCRIPT, encoding="utf-8")

    run(capsys, "try", "x.js", "ea00")

    assert decoder_try.LOOK_EVERY < 1
    assert [child for child in _children() if "worker" in child] == []


def _children() -> list[str]:
    import psutil

    return [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
