"""The words of the commands about the journal."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"journal": "what is kept: stats, verify, export, import, vacuum, backup, seen"}

COMMANDS = (
    Command(
        words="journal stats",
        brief="show it in numbers",
        description="Show how much is kept, what waits for each destination and since when, how much room there is and how\n"
        "long it lasts at today's rate, what it costs the disk, and what is wrong. Of a running agent with each\n"
        "destination's lane, of a stopped one what its journal says.",
        example="brygga journal stats",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="journal verify",
        brief="look it through from end to end",
        description="Prove that the journal keeps its promises: the file is sound, each row can be read and none is missing, no\n"
        "destination is further than the log, no session's counter is behind its uplinks, the key file opens the keys.\n"
        "It only reads, a segment at a time: an agent that runs goes on undisturbed. What is wrong is said with what\n"
        "to do. Exit 0 when all is well, 1 when something was found. A million rows take half a minute, on a small\n"
        "gateway several.",
        example="brygga journal verify",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="journal export",
        brief="write its uplinks into a file",
        description="Write uplinks as lines of JSON (NDJSON): payload, counters, time and its quality, and how each gateway heard\n"
        "it; never keys. They are as they were heard, so any tool can decode them, and `brygga journal import` takes\n"
        "them in elsewhere. It reads beside a running agent. With --from it writes what can be read of a damaged\n"
        "journal that was set aside, as where the disk had no room to take all of it over.",
        example="brygga journal export --since 2026-11-01 --device Library november.ndjson.gz",
        arguments=(
            argument(
                "file", metavar="FILE", help="replaced when the new one is whole; .gz packs it; - for standard output"
            ),
            argument(
                "--since",
                metavar="TIME",
                help="heard then or later: 2026-11-01, 2026-11-01T06:00; UTC where no zone is said",
            ),
            argument("--until", metavar="TIME", help="heard before that"),
            argument(
                "--device",
                metavar="DEVICE",
                action="append",
                default=[],
                help="of this one: DevEUI or name; may be repeated",
            ),
            argument(
                "--from",
                dest="damaged",
                metavar="DAMAGED",
                help="out of this file, journal.db.damaged-…, in place of the journal; it is only read",
            ),
            argument("--raw", action="store_true", help="frames of nobody, too: the octets as they were on the air"),
            CONFIG,
        ),
    ),
    Command(
        words="journal import",
        brief="take uplinks in from a file",
        description="Take in what `brygga journal export` wrote. Uplinks keep their ids and times; those that are here already are\n"
        "passed over, so a file that was broken off is taken in by saying it again. No destination is told them but\n"
        "those that --for names. Devices, keys and counters come with `brygga device import`. With the agent running\n"
        "or stopped; the whole file is read first, and nothing is taken in where a line is wrong.",
        example="brygga journal import --for water november.ndjson.gz",
        arguments=(
            argument("file", metavar="FILE", help="NDJSON; .gz is unpacked"),
            argument(
                "--for",
                dest="told_to",
                metavar="NAME",
                action="append",
                default=[],
                help="this destination is to be told them; may be repeated",
            ),
            argument(
                "--anyway", action="store_true", help="tell also one that keeps the newest value of each thing alone"
            ),
            CONFIG,
        ),
    ),
    Command(
        words="journal vacuum",
        brief="give room that is not needed back to the disk",
        description="Make the file as small as what is in it. After weeks without a platform most of it may be empty; the agent gives\n"
        "it back by itself, little by little. This does it now: beside a running agent in short steps, of a stopped one\n"
        "by writing the file anew, which needs as much room again for that while.",
        example="brygga journal vacuum",
        arguments=(CONFIG,),
    ),
    Command(
        words="journal backup",
        brief="write it into one file",
        description="The same as `brygga backup`: configuration, devices, sessions, counters and uplinks in one file, while the agent runs.\n"
        "`brygga restore` puts it in place, on a new card or in a new box.",
        example="brygga journal backup --with-keys /media/usb/roof.backup",
        arguments=(
            argument(
                "file",
                metavar="FILE",
                help="replaced when the new one is whole; mode 0600. With --keep a folder that is there",
            ),
            argument(
                "--keep",
                type=int,
                metavar="N",
                help="write one of its own into that folder, where there is room for it, and keep the newest N of them",
            ),
            argument(
                "--with-keys",
                action="store_true",
                help="the key file and the configuration's secrets too: whoever has it has all device keys",
            ),
            CONFIG,
        ),
    ),
    Command(
        words="journal seen",
        brief="forget alarms that you have seen",
        description="Forget the alarms that stay until a person has seen them, as after a damaged journal was salvaged; `brygga status`\n"
        "shows them. What is wrong at the moment goes by itself when it is well again.",
        example="brygga journal seen",
        arguments=(
            argument("kind", metavar="KIND", nargs="?", help="of this kind alone, as `status` names it"),
            CONFIG,
        ),
    ),
)
