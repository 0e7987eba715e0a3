"""The commands about the network in the box, as far as they are more than a question: what is asked, what is said."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.commands import lines
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.model import Json

Ask = Callable[[argparse.Namespace, dict[str, Any]], Any]
"""Ask the agent, or the journal of a stopped one."""

Deed = Callable[[argparse.Namespace, Ask], int]


def _send(options: argparse.Namespace, ask: Ask) -> int:
    if bool(options.hex) == (options.told is not None):
        raise ConfigError(
            "downlink send: either a payload in hex with --port, or --command with what the encoder knows"
        )
    downlink = ask(
        options,
        {
            "do": "downlink.send",
            "device": options.device,
            "port": options.port,
            "payload": " ".join(options.hex) or None,
            "command": None if options.told is None else _command(options.told),
            "confirmed": options.confirmed,
            "priority": options.priority,
            "expires": options.expires,
            "reference": options.reference,
        },
    )
    if options.json:
        return as_json(downlink)
    what = f"downlink {downlink['id']}: {downlink['payload']} to port {downlink['f_port']}"
    lines.say(f"{what} of {downlink['name'] or downlink['dev_eui']}, {downlink['words']}")
    lines.say(f"Next: `brygga downlink show {downlink['id']}` tells what became of it")
    return 0


def _command(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"downlink send: --command {text!r} is no JSON: {error}; '{{\"interval\": 600}}' is"
        ) from error


def _list(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_network

    downlinks = ask(options, {"do": "downlink.list", "device": options.device, "all": options.all})
    if options.json:
        return as_json(downlinks)
    show_network.downlinks(downlinks)
    return 0


def _show(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_network

    downlink = ask(options, {"do": "downlink.show", "id": options.id})
    if options.json:
        return as_json(downlink)
    show_network.downlink(downlink)
    return 0


def _drop(options: argparse.Namespace, ask: Ask) -> int:
    answer = ask(options, {"do": "downlink.drop", "ids": options.ids})
    lines.problems(f"downlink {number} does not wait, or there is none" for number in answer["unknown"])
    lines.say(f"{answer['dropped']} dropped")
    return 1 if answer["unknown"] else 0


def _unclaimed(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_network

    strangers = ask(options, {"do": "frames.unclaimed"})
    if options.json:
        return as_json(strangers)
    show_network.strangers(strangers)
    return 0


def _refused(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_network

    answer = ask(options, {"do": "frames.refused"})
    frames = answer["frames"][: max(options.limit, 0)]
    if options.json:
        return as_json(frames)
    show_network.refused(frames, running=answer["running"])
    return 0


def _force_rejoin(options: argparse.Namespace, ask: Ask) -> int:
    answer = ask(options, {"do": "device.force_rejoin", "device": options.device, "type": options.type})
    name = answer["name"] or answer["dev_eui"]
    lines.say(f"{name} is told with its next downlink to rejoin (type {answer['type']})")
    lines.say(f"Next: `brygga device show {answer['dev_eui']}` tells when it has")
    return 0


def as_json(answer: Json) -> int:
    """Print an answer for programs."""
    lines.say(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


DEEDS: dict[str, Deed] = {
    "device force-rejoin": _force_rejoin,
    "downlink send": _send,
    "downlink list": _list,
    "downlink show": _show,
    "downlink drop": _drop,
    "frames unclaimed": _unclaimed,
    "frames refused": _refused,
}
