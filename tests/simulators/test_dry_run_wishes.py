"""What an installer may ask of a stand-in, and what is said where it cannot be."""

from __future__ import annotations

import pytest

from gateway.commands.cli import main


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--port", "99999"], 2, "argument --port: '99999' where a whole number from 0 to 65535 is expected"),
        (["--port", "-1"], 2, "argument --port: '-1' where a whole number from 0 to 65535 is expected"),
        (["--port", "http"], 2, "argument --port: 'http' where a whole number from 0 to 65535 is expected"),
        (["--count", "0"], 2, "argument --count: '0' where a whole number from 1 up is expected"),
        (["--host", "nohost.invalid"], 78, "--host: 'nohost.invalid' is no address of this machine"),
        (["--host", "192.0.2.1"], 78, "--host: '192.0.2.1' is no address of this machine"),  # RFC 5737: nobody's
    ],
)
@pytest.mark.parametrize("kind", ["json", "ngsi_ld"])
def test_what_cannot_be_is_said_with_what_would_be_right(
    kind: str, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        left = main(["simulate", "platform", kind, "--port", "0", *arguments])
    except SystemExit as end:  # argparse's, of wrong usage
        left = int(end.code or 0)

    assert left == code
    assert words in capsys.readouterr().err
