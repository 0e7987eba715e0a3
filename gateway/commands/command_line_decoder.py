"""The words of the commands about decoders: find one, try it, begin one, prove it, take over what others published."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"decoder": "decoders of sensor models: list, search, show, try, new, test, bench, map, import"}

KINDS = ("table", "python", "javascript")

_NAME = argument("name", metavar="NAME", help="vendor/model, as `decoder list` has it")
_WHICH = argument("which", metavar="FILE|NAME", help="a file ending in .yaml, .py or .js, or vendor/model")

COMMANDS = (
    Command(
        words="decode-again",
        brief="tell again what a mended decoder reads now",
        description="Decode uplinks anew that were delivered already, and deliver what is new, under the decoder's new revision: when\n"
        "a decoder has learned a tag of newer firmware, or was wrong. Those that a destination has from the present\n"
        "revision are left alone. Kept are delivered uplinks for `keep_delivered`, 7 days if not said.",
        example="brygga decode-again --device Library --since '2 d'",
        arguments=(
            argument(
                "--device",
                metavar="DEVICE",
                action="append",
                default=[],
                dest="devices",
                help="16 hex digits, or its name; may be repeated",
            ),
            argument("--decoder", metavar="NAME", help="instead: all devices that have this decoder"),
            argument(
                "--since", metavar="TIME", help="heard since: '2 d', '12 h' or 2026-05-01T12:00Z (all that are kept)"
            ),
            argument("--destination", metavar="NAME", help="only for this destination (all)"),
            argument("--force", action="store_true", help="also those that the present revision has told"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="decoder list",
        brief="list the catalogue",
        description="List the decoders of the catalogue, of installed packages and of the configured folder.",
        example="brygga decoder list --vendor milesight",
        arguments=(
            argument("--vendor", metavar="NAME", help="only those of this maker"),
            argument("--kind", choices=KINDS, help="only those of this kind"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="decoder search",
        brief="find a decoder by maker, model or what it measures",
        description="Find decoders that fit all words: a maker, a model, a part of its name, a quantity; in English or Swedish.",
        example="brygga decoder search water meter\n  brygga decoder search parkering",
        arguments=(argument("words", nargs="+", metavar="WORD", help="what is known of it"), CONFIG, JSON),
    ),
    Command(
        words="decoder show",
        brief="show what is known of one",
        description="Show a decoder: what it measures and in which units, its ports, where its payload is described, its\n"
        "licence, the payload's layout, how it was proved, and what may be told to the device.",
        example="brygga decoder show milesight/am307",
        arguments=(_NAME, CONFIG, JSON),
    ),
    Command(
        words="decoder try",
        brief="decode one payload, and show octets, fields and readings side by side",
        description="Decode a payload with a file that lies anywhere, nothing beside it, or with a decoder of the catalogue.\n"
        "With --watch again each time that the file is saved.",
        example="brygga decoder try th-1.js --port 2 00EA8264 --watch",
        arguments=(
            _WHICH,
            argument("hex", metavar="HEX", nargs="*", help="the payload; none: the first of its vectors"),
            argument(
                "--port", type=int, metavar="N", help="FPort, 1 to 255 (the first that the decoder names, else 1)"
            ),
            argument(
                "--base64", action="store_true", help="the payload is given in base64, as network servers show it"
            ),
            argument("--at", metavar="TIME", help="when it was received, ISO 8601 (now)"),
            argument("--watch", action="store_true", help="show it again each time the file is saved; Ctrl-C ends"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="decoder new",
        brief="lay out a new decoder with its vectors",
        description="Write the files of a new decoder, which works, with comments that say what to change.",
        example="brygga decoder new acme/th-1 --kind table",
        arguments=(
            argument("name", metavar="VENDOR/MODEL", help="lower-case letters, digits, -, . and _"),
            argument(
                "--kind", choices=KINDS, default="table", help="table (if not said): for anybody; or python, javascript"
            ),
            argument("--into", metavar="FOLDER", help="below it (the configured folder of decoders, else here)"),
            CONFIG,
        ),
    ),
    Command(
        words="decoder test",
        brief="say all that is wrong with decoders",
        description="Run the vectors of a decoder, or of all in a folder; cut, lengthen and spoil each payload; check quantities,\n"
        "units, speed, and that nothing is kept between calls. Each finding is a line that says what to do.",
        example="brygga decoder test acme/th-1.yaml",
        arguments=(
            argument(
                "which",
                metavar="FILE|FOLDER|NAME",
                nargs="?",
                help="a decoder, or a folder of <vendor>/<model> files (the configured one, else here)",
            ),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="decoder bench",
        brief="time decoders on their own vectors",
        description="Measure how long one decode takes, in µs: the middle, the 99th percentile and the longest.",
        example="brygga decoder bench milesight/am307 elsys/ers",
        arguments=(
            argument("which", metavar="FILE|NAME", nargs="+", help="decoders, by name or file"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="decoder map",
        brief="propose what a codec's fields mean",
        description="Read the fields of a codec's vectors, or of the payloads given, and propose quantities and units for them:\n"
        "a meta.yaml to be read, corrected and kept. What is not sure stands there as a comment.",
        example="brygga decoder map acme/th-1.js --write",
        arguments=(
            _WHICH,
            argument("hex", metavar="HEX", nargs="*", help="payloads; none: those of its vectors"),
            argument("--port", type=int, metavar="N", help="FPort of the payloads given (1)"),
            argument("--write", action="store_true", help="write <model>.meta.yaml beside it, where there is none yet"),
            CONFIG,
        ),
    ),
    Command(
        words="decoder import",
        brief="take in what a vendor or a community published",
        description="Take in a folder as it was published: The Things Network's lorawan-devices, ChirpStack's device profiles, TS013\n"
        "packages, Milesight's SensorDecoders, folders of codecs, Payload Schema tables. Each codec runs its own\n"
        "examples; the good ones are installed, unmodified, with licence and origin.",
        example="brygga decoder import lorawan-devices/ --vendor elsys",
        arguments=(
            argument("folder", metavar="FOLDER", help="a checkout, a package, or a single file"),
            argument("--into", metavar="FOLDER", help="install there (the configured folder of decoders)"),
            argument("--vendor", metavar="NAME", action="append", default=[], help="only this maker; may be repeated"),
            argument("--untested", action="store_true", help="also those that come without examples"),
            argument("--all", action="store_true", help="also those that fail some of their examples"),
            argument("--force", action="store_true", help="write over decoders that are there already"),
            argument("--dry-run", action="store_true", help="install nothing; say what would be"),
            argument("--report", metavar="FILE", help="write all findings as JSON"),
            CONFIG,
            JSON,
        ),
    ),
)
