"""Recordings."""

from typing import Final

from gateway.commands.source_words.semtech_udp import PACKETS
from gateway.commands.source_words.words import Meaning, SourceWords

WORDS: Final = SourceWords(
    what="a recording that is heard again",
    where="plays",
    signs=("records",),
    checks=(
        (
            "Is {file} what packet forwarders sent? In a capture the server's port is {port}, and the key port says so where it had "
            "another one; a file of lines has a datagram or a frame in each."
        ),
        'With speed = 1.0 it is heard at its own pace, silence included: speed = 10, or "fastest".',
    ),
    dropped={
        **PACKETS,
        "line": Meaning("lines that say nothing this source knows", "the first one and its number stand below"),
        "packet": Meaning("packets that are not what their link type says", "capture it again"),
        "truncated_packet": Meaning("packets of which the capture has only the beginning", "capture with tcpdump -s 0"),
        "fragment": Meaning(
            "parts of datagrams that were too long for one packet", "capture on the box where the forwarder runs"
        ),
        "undated": Meaning("records without a date, though dates are asked for", 'time = "now" asks for none'),
        "broken_off": Meaning("the file ends in the middle, or could not be read on", "copy it again"),
    },
    page="recording",
)
