"""The words of the commands that record what gateways bring, and bring it again."""

from __future__ import annotations

import argparse
import re

from gateway.commands.command_words import CONFIG, JSON, Command, argument, whole
from gateway.config.units import duration, size


def _span(text: str) -> float:
    try:
        seconds = duration(re.sub(r"(?<=\d)\s*m$", " min", text.strip())).total_seconds()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} where more than nothing is expected")
    return seconds


def _size(text: str) -> int:
    try:
        return size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _speed(text: str) -> float | None:
    """Read "10x", "0.5x" or "max"."""
    if text == "max":
        return None
    try:
        number = float(text.removesuffix("x"))
    except ValueError:
        number = 0.0
    if not 0.0 < number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} where max, or a number such as 10x or 0.5x, is expected")
    return number


COMMANDS = (
    Command(
        words="record",
        brief="write what gateways bring into a file",
        description="Write what gateways bring to the running agent into a file, with its timing,\n"
        "until the time is over or Ctrl-C: of packet forwarders their datagrams as they\n"
        "came, of other radios their frames. What a network server has opened already is\n"
        "no frame, and is not in it. Hearing goes first: what cannot be written in time\n"
        "is dropped and counted. A file that is broken off, by a power cut too, can be\n"
        "read; the cut takes ten seconds. Exit 1 when nothing came.\n"
        "\n"
        "No key, token or password is ever in it: what is encrypted on the air stays so.\n"
        "Who sends when is in it. With --anonymous each EUI and address is replaced by\n"
        "another, the same throughout the file, each payload by octets of the same\n"
        "length; positions are left out. Rhythm, lengths, ports, counters and signal\n"
        "strengths stay: who knows when one device has sent finds it. Frames stay whole,\n"
        "but no key proves them any more.",
        example="brygga record --to monday.jsonl.gz --for 10min --anonymous",
        arguments=(
            argument(
                "sources",
                metavar="SOURCE",
                nargs="*",
                help="as the configuration has it; without it all that hear frames",
            ),
            argument(
                "--to",
                metavar="FILE",
                required=True,
                help="a name that is free: JSON lines; .gz packs it, .pcap is what Wireshark reads",
            ),
            argument(
                "--for", type=_span, dest="seconds", metavar="TIME", help="such as 10min or 8h; without it until Ctrl-C"
            ),
            argument(
                "--pcap", action="store_true", help="a capture of UDP packets, whatever the name; needs brygga[pcap]"
            ),
            argument("--anonymous", action="store_true", help="nobody is named in it: see above"),
            argument(
                "--limit",
                type=_size,
                default=100_000_000,
                metavar="SIZE",
                help="it ends where the file is so large ('100 MB')",
            ),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="replay",
        brief="send a recording to an agent or a network server",
        description="Send what was recorded as the gateways that were recorded: a packet forwarder\n"
        "for each, which keeps its keep-alives up and waits for acknowledgements; as it\n"
        "was, faster, or as fast as it is taken. FILE is what `brygga record` wrote, or\n"
        "a capture of UDP by tcpdump or Wireshark. To ws:// a Basics Station for each\n"
        "gateway brings the frames. Downlinks are taken as a radio takes them, and end\n"
        "in an air in which nobody listens.\n"
        "\n"
        "Whoever gets it takes it for real: uplinks of known devices are stored and\n"
        "delivered, counters move on, joins are answered. What was heard there before is\n"
        "refused as a repetition. So replay into an agent of its own, with another\n"
        "gateway.data. Exit 0 when all was acknowledged, 1 when something was not.",
        example="brygga replay monday.jsonl.gz --to udp://127.0.0.1:1700 --speed 10x",
        arguments=(
            argument("file", metavar="FILE", help="JSON lines or a capture, gzip'ed or not"),
            argument(
                "--to", metavar="URL", required=True, help="udp://HOST:1700, or ws://HOST:3001 for Basics Stations"
            ),
            argument(
                "--speed",
                type=_speed,
                default=1.0,
                metavar="N",
                help="1x (default) as it was; 10x; max: as fast as it is acknowledged",
            ),
            argument(
                "--loop", action="store_true", help="again and again until Ctrl-C; each repetition is refused as one"
            ),
            argument(
                "--port",
                type=whole(1, 65_535),
                default=1700,
                metavar="N",
                help="in a capture: the server's UDP port (1700)",
            ),
            JSON,
        ),
    ),
)
