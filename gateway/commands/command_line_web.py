"""The words of the commands about the dashboard."""

from __future__ import annotations

import argparse
import re

from gateway.commands.command_words import CONFIG, JSON, Command, argument, whole

GROUPS = {
    "web": "the dashboard: password, certificate",
    "web token": "tokens of programs that use the dashboard's API: add, list, remove",
}

ROLES = ("metrics", "view", "operate", "admin")


def _token_name(text: str) -> str:
    if re.fullmatch(r"[\w.@-]{1,40}", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no name: 1 to 40 letters, digits and . _ @ -")
    return text


def _host(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.*:-]{1,253}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no name or address; gateway.example.com and 192.168.1.10 are")
    return text


COMMANDS = (
    Command(
        words="web password",
        brief="set the dashboard's password",
        description="Ask for a new password, twice, and keep its argon2id hash. Whoever is logged in has to log in anew. A running\n"
        "agent takes it at once.",
        example="brygga web password",
        arguments=(
            argument("--stdin", action="store_true", help="for scripts: the first line of standard input"),
            CONFIG,
        ),
    ),
    Command(
        words="web certificate",
        brief="make a certificate for https",
        description="Make a certificate that this box signs itself, for the names and addresses by which people reach it. A browser\n"
        "warns once; the fingerprint that is printed tells whether it is this one.",
        example="brygga web certificate --host gateway.local --host 192.168.1.10",
        arguments=(
            argument(
                "--host",
                metavar="NAME",
                type=_host,
                action="append",
                required=True,
                help="a name or address; may be said again",
            ),
            argument(
                "--days",
                metavar="N",
                type=whole(1, 825),
                default=397,
                help="how long it is good (397; Apple takes at most 825)",
            ),
            argument("--force", action="store_true", help="also where there is one"),
            CONFIG,
        ),
    ),
    Command(
        words="web token add",
        brief="let a program in",
        description="Make a token for a program and print it, this once: only its hash is kept. What it may do is its role:\n"
        "`metrics` what Prometheus fetches, `view` all that is to be seen, `operate` devices, downlinks and dead letters, too,\n"
        "`admin` all.",
        example="brygga web token add grafana --role metrics",
        arguments=(
            argument("name", metavar="NAME", type=_token_name, help="your own word for the program"),
            argument("--role", choices=ROLES, default="view", help="what it may do (view)"),
            CONFIG,
        ),
    ),
    Command(
        words="web token list",
        brief="list them",
        description="List the tokens there are: name, role, day. What they are nobody can tell any more.",
        example="brygga web token list",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="web token remove",
        brief="let a program in no more",
        description="Forget a token. A running agent refuses it at once.",
        example="brygga web token remove grafana",
        arguments=(argument("name", metavar="NAME", help="as `web token list` has it"), CONFIG),
    ),
)
