"""Payloads, ports and times in the spellings that trees have for them."""

from typing import Any

import pytest

from decoders.importing.examples import octets, read_all
from decoders.importing.published import Kind


@pytest.mark.parametrize(
    ("given", "hex_digits"),
    [
        ([0, 255, -1], "00ffff"),
        (["0x0a", "ff", 3.0], "0aff03"),
        ("01 75-5C:03", "01755c03"),
        ("0x01,0x75", "0175"),
        ("AXVcAw==", "01755c03"),
        ("", ""),
        (None, ""),
    ],
)
def test_reads_payloads(given: Any, hex_digits: str) -> None:
    assert octets(given).hex() == hex_digits


@pytest.mark.parametrize("given", [[256], [-129], [1.5], [True], ["zz"], "no payload!", {"a": 1}, 12])
def test_refuses_what_is_no_payload(given: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|neither|invalid"):
        octets(given)


@pytest.mark.parametrize(
    ("one", "note"),
    [
        ("text", "'text' where an example with input and output is expected"),
        ({"input": {"bytes": [1]}}, "expected is nothing; an object is expected"),
        ({"input": {"bytes": [1], "fPort": 300}, "output": {}}, "fPort 300 is none of 0 to 255"),
        (
            {"input": {"bytes": [1], "recvTime": "noon"}, "output": {}},
            "recvTime 'noon'; a time in ISO 8601 is expected",
        ),
        ({"type": "gossip", "input": {}, "output": {}}, "type 'gossip' is none of uplink"),
    ],
)
def test_says_why_an_example_cannot_be_read_and_reads_the_others(one: Any, note: str) -> None:
    good = {"input": {"bytes": [1], "fPort": 2}, "output": {"data": {"a": 1}}}

    read = read_all([one, good], "x.json")

    assert [example.expected for example in read.examples] == [{"a": 1}]
    assert read.notes[0].startswith(f"x.json: example 1: {note}")


@pytest.mark.parametrize("errors", [["bad"], "bad", [{"code": 1}], ["", "bad"]])
def test_an_example_with_errors_is_to_fail(errors: Any) -> None:
    read = read_all([{"input": {"bytes": []}, "output": {"errors": errors}}], "x", Kind.UPLINK)

    assert read.examples[0].fails


@pytest.mark.parametrize("errors", [[], None, "", [""]])
def test_empty_errors_are_none(errors: Any) -> None:
    read = read_all([{"input": {"bytes": []}, "output": {"data": {}, "errors": errors}}], "x", Kind.UPLINK)

    assert not read.examples[0].fails


def test_what_is_no_list_is_said() -> None:
    assert read_all({"a": 1}, "x.json").notes == ("x.json: a list of examples is expected",)
