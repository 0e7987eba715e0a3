"""The words of the commands about relays."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, Command, argument, whole

GROUPS = {"relay": "frames that a network server beside this box has not got: export, push"}

_NAME = argument("name", metavar="NAME", help="the relay, as the configuration has it")
_SINCE = argument(
    "--since", metavar="TIME", help="heard then or later: 2026-11-01, 2026-11-01T06:00; UTC where no zone is said"
)
_UNTIL = argument("--until", metavar="TIME", help="heard before that")

COMMANDS = (
    Command(
        words="relay export",
        brief="write frames that the server has not got into a file",
        description="Write what was heard while the network server was away, as lines of JSON (NDJSON): each frame's octets as they\n"
        "were on the air, its time and how good that is, and how the gateway heard it. They are for the record: a network\n"
        "server refuses frames whose counters lie behind, or takes them for new ones, so nothing sends them to it. It reads\n"
        "beside a running agent; what came in the last ten seconds may not be on disk yet.",
        example="brygga relay export city --since 2026-11-01 frames.jsonl",
        arguments=(
            _NAME,
            argument(
                "file",
                metavar="FILE",
                nargs="?",
                default="-",
                help="replaced when the new one is whole; .gz packs it; without it standard output",
            ),
            _SINCE,
            _UNTIL,
            CONFIG,
        ),
    ),
    Command(
        words="relay push",
        brief="send them by HTTP to whoever takes history",
        description='POST the same lines in batches of JSON: {"history": true, "relay": …, "gateway": …, "frames": [ … ]}. Each frame\n'
        "has an id, the same each time, so that what comes twice can be told. What a status below 300 answers is taken; where the\n"
        "service is away it is tried again for a while. Exit 1, with the time to go on from, where not all was taken. Nothing is\n"
        "deleted here: frames go when they are older than the relay keeps them.",
        example="brygga relay push city --url https://archive.example/frames --token-file archive.token",
        arguments=(
            _NAME,
            argument("--url", metavar="URL", required=True, help="http:// or https://, where the batches go"),
            argument("--token-file", metavar="FILE", help="a Bearer token, in a file of one line"),
            argument("--ca-file", metavar="FILE", help="https: the authority to believe; without it the system's"),
            argument("--batch", metavar="N", type=whole(1, 10_000), default=500, help="frames in one request (500)"),
            _SINCE,
            _UNTIL,
            CONFIG,
        ),
    ),
)
