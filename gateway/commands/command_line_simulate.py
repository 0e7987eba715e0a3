"""The words of the commands about stand-ins."""

from __future__ import annotations

from gateway.commands.command_words import Command, argument, whole

GROUPS = {"simulate": "stand-ins for what is not there yet: platform"}

# As simulators/dry_run has them, which is imported only when one is run.
PLATFORMS = (
    "ngsi_ld",
    "ngsi_ld_merge",
    "ngsi_v2",
    "diwise",
    "sensorthings",
    "yggio",
    "iot_open",
    "thingsboard",
    "azure_iot",
    "aws_iot",
    "rec_edge",
    "chirpstack",
    "the_things_stack",
    "senml",
    "json",
    "template",
)

COMMANDS = (
    Command(
        words="simulate platform",
        brief="stand in for a city's platform",
        description="Listen as a platform of that kind would, as strict as it is known to be, and show each message with what\n"
        "is wrong with it: for a dry run before a city has given a credential. The destination that it prints can be pasted\n"
        "as it stands; the devices are known that it names, and all where it names none. Exit 0 when something came and all of\n"
        "it was taken.",
        example="brygga simulate platform ngsi_ld --port 8080",
        arguments=(
            argument("kind", metavar="KIND", choices=PLATFORMS, help=", ".join(PLATFORMS)),
            argument("--way", choices=("http", "mqtt"), help="where the kind has both; without it its usual one"),
            argument("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen on (127.0.0.1); 0.0.0.0: all"),
            argument(
                "--port",
                type=whole(0, 65_535),
                metavar="N",
                help="8080 for HTTP, 1883 for MQTT, 8883 with TLS; 0: any that is free",
            ),
            argument(
                "--token",
                default="",
                metavar="TEXT",
                help="what has to be shown: a bearer token, an API key, the password (MQTT), user:password (SensorThings),"
                " the access token (ThingsBoard), the shared access key (Azure)",
            ),
            argument(
                "--count", type=whole(1), default=0, metavar="N", help="end after so many messages; without it never"
            ),
            argument("--whole", action="store_true", help="show bodies whole, not their beginning"),
        ),
    ),
)
