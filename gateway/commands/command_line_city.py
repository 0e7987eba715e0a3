"""The words of the commands about cities: what is known of them, connecting one, a profile for one that is not there."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument
from gateway.commands.languages import LANGUAGES

GROUPS = {"city": "cities and their platforms: list, show, connect, new"}

SURE = ("fact", "inference")

_CITY = argument("city", metavar="CITY", help="'goteborg', 'Göteborg'")

COMMANDS = (
    Command(
        words="city list",
        brief="list those that are known",
        description="List the cities that there is a profile of, with platform, format, network operator, how sure that is, and\n"
        "whether this gateway is connected.",
        example="brygga city list",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="city show",
        brief="show one",
        description="Show what is known of a city and from which source, how it is told, what becomes of what it does not take, and\n"
        "what to ask the city for; with --language sv in Swedish, to be sent to the city as it is.",
        example="brygga city show lund --language sv",
        arguments=(
            _CITY,
            argument("--language", choices=LANGUAGES, default="en", help="en (default) or sv"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="city connect",
        brief="prepare the way to one",
        description="Write cities/CITY.toml beside the configuration (mode 0640): where the city's platform is, who we are there, and\n"
        'what it calls devices. Once a city; then a destination is `city = "lund"` and a selection of devices. On a\n'
        "terminal it asks for what is not said.",
        example="brygga city connect lund --url mqtts://mqtt.yggio.example --username roof --password-file yggio.password",
        arguments=(
            _CITY,
            argument("--url", metavar="URL", help="where the platform is"),
            argument(
                "--username",
                metavar="NAME",
                help="for the broker, or HTTP Basic; its password is asked for, or in a file",
            ),
            argument("--password-file", metavar="FILE", help="a file of one line; it is copied to cities/"),
            argument("--token-file", metavar="FILE", help="a Bearer token; as above"),
            argument("--api-key-header", metavar="NAME", help="the header of the platform's own kind of key"),
            argument("--api-key-file", metavar="FILE", help="the key that goes into it; as above"),
            argument("--ca-file", metavar="FILE", help="the authority to believe; as above"),
            argument(
                "--ids", metavar="FILE", help="what the platform calls devices: a CSV with dev_eui and id; as above"
            ),
            argument(
                "--option",
                metavar="KEY=VALUE",
                action="append",
                default=[],
                dest="options",
                help="of the format, e.g. tenant=sundsvall; may be repeated",
            ),
            argument("--replace", action="store_true", help="in place of the connection that is there"),
            CONFIG,
        ),
    ),
    Command(
        words="city new",
        brief="write a profile of one that is not there",
        description="Write cities/profiles/CITY.toml beside the configuration, from questions or options: one file, which anyone can\n"
        "send in for others to have.",
        example="brygga city new Borås --kind yggio --platform 'Sensative Yggio' --sure fact --source https://www.boras.example/iot",
        arguments=(
            _CITY,
            argument("--kind", metavar="KIND", help="of platform; `brygga city new CITY` on a terminal lists them"),
            argument("--platform", metavar="NAME", help="what it is called there"),
            argument("--code", metavar="NNNN", help="of the municipality, four digits"),
            argument("--operator", metavar="NAME", help="of a LoRaWAN network there"),
            argument("--sure", choices=SURE, help="read in the source, or concluded from it"),
            argument("--source", metavar="TEXT", help="an address, or who said it and when"),
            argument("--replace", action="store_true", help="in place of the profile that is there"),
            CONFIG,
        ),
    ),
)
