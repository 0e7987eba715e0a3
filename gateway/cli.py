"""The `brygga` command: what an installer, a vendor or a tester types."""

from __future__ import annotations

import argparse
import asyncio
import csv
import getpass
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway import __version__, show
from gateway.clock import SystemClock
from gateway.config import Settings, load
from gateway.control import ask
from gateway.errors import Brygga, ConfigError
from gateway.model import Json

CONFIG_PLACES = (Path("brygga.toml"), Path("/etc/brygga/brygga.toml"))
EX_CONFIG = 78  # sysexits.h; systemd does not start again after it (RestartPreventExitStatus)

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 well, 1 not done, 2 wrong usage, 78 wrong configuration."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except ConfigError as error:
        show.problems(error.problems)
        return EX_CONFIG
    except Brygga as error:
        show.problems([str(error)])
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has gone: no second complaint at exit
        return 0


# ── the agent ──


def _run(options: argparse.Namespace) -> int:
    from gateway.agent import run

    settings = _settings(options)
    return asyncio.run(run(settings))


def _check(options: argparse.Namespace) -> int:
    from gateway.agent import check

    path = _config_path(options)
    settings = load(path)
    problems = check(settings)
    if problems:
        raise ConfigError(problems)
    show.warnings(settings.warnings)
    show.say(f"{path}: no problems. Next: brygga run --config {path}")
    return 0


def _status(options: argparse.Namespace) -> int:
    status = _ask(options, {"do": "status"})
    if options.json:
        return _print_json(status)
    show.status(status)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from simulators.demo import demo

    return demo(once=options.once, outage_s=options.outage)


# ── devices ──


def _device_add(options: argparse.Namespace) -> int:
    row = {name: value for name in _DEVICE_OPTIONS if (value := getattr(options, name)) is not None}
    if options.activation != "abp" and "app_key" not in row and sys.stdin.isatty():
        row["app_key"] = getpass.getpass("AppKey (32 hex digits, from the label; not shown): ")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(row))
    writer.writeheader()
    writer.writerow(row)
    return _import(options, text.getvalue(), "device add")


def _device_import(options: argparse.Namespace) -> int:
    text = sys.stdin.read() if options.file == "-" else _read(Path(options.file))
    return _import(options, text, "standard input" if options.file == "-" else Path(options.file).name)


def _import(options: argparse.Namespace, text: str, name: str) -> int:
    answer = _ask(options, {"do": "device.import", "text": text, "name": name})
    show.say("{added} added, {changed} changed, {unchanged} unchanged".format(**answer))
    return 0


def _device_export(options: argparse.Namespace) -> int:
    answer = _ask(options, {"do": "device.export_with_keys" if options.with_keys else "device.export"})
    if options.file == "-":
        sys.stdout.write(answer["text"])
        return 0
    path = Path(options.file)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(answer["text"])
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    show.say(f"wrote {path}" + (" (with keys: keep it safe)" if options.with_keys else " (without keys; --with-keys)"))
    return 0


def _device_list(options: argparse.Namespace) -> int:
    devices = _ask(options, {"do": "device.list"})
    if options.json:
        return _print_json(devices)
    show.devices(devices)
    return 0


def _device_show(options: argparse.Namespace) -> int:
    device = _ask(options, {"do": "device.show", "device": options.device})
    if options.json:
        return _print_json(device)
    show.device(device)
    return 0


def _device_remove(options: argparse.Namespace) -> int:
    answer = _ask(options, {"do": "device.remove", "devices": options.devices})
    show.say(f"{answer['removed']} removed")
    return 0 if answer["removed"] else 1


# ── decoding ──


def _decode(options: argparse.Namespace) -> int:
    from gateway.try_out import decode

    outcome = decode(options.decoder, options.port, "".join(options.hex))
    if options.json:
        return _print_json(outcome)
    show.decoded(outcome)
    return 1 if "error" in outcome else 0


# ── dead letters ──


def _dead_letters_list(options: argparse.Namespace) -> int:
    rows = _ask(options, {"do": "dead_letters.list", "limit": options.limit, **_selection(options)})
    if options.json:
        return _print_json(rows)
    show.dead_letters(rows)
    return 0


def _dead_letters_show(options: argparse.Namespace) -> int:
    rows = _ask(options, {"do": "dead_letters.list", "limit": 1_000_000})
    found = [row for row in rows if row["id"] == options.id]
    if not found:
        raise ConfigError(f"there is no dead letter {options.id}; `brygga dead-letters list` shows which there are")
    return _print_json(found) if options.json else show.dead_letter(found)


def _dead_letters_retry(options: argparse.Namespace) -> int:
    answer = _ask(options, {"do": "dead_letters.retry", **_selection(options)})
    show.say(f"{answer['count']} will be tried again")
    return 0


def _dead_letters_drop(options: argparse.Namespace) -> int:
    if not options.ids and not options.all:
        raise ConfigError("dead-letters drop: name the ids to drop, or say --all; dropped uplinks cannot be had back")
    answer = _ask(options, {"do": "dead_letters.drop", **_selection(options)})
    show.say(f"{answer['count']} dropped")
    return 0


def _selection(options: argparse.Namespace) -> dict[str, Json]:
    ids = getattr(options, "ids", None) or None
    return {"destination": options.destination, "kind": options.kind, "ids": ids}


# ── what commands share ──


def _ask(options: argparse.Namespace, request: dict[str, Json]) -> Json:
    return asyncio.run(ask(_settings(options), SystemClock(), request))


def _settings(options: argparse.Namespace) -> Settings:
    settings = load(_config_path(options))
    show.warnings(settings.warnings)
    return settings


def _config_path(options: argparse.Namespace) -> Path:
    if options.config is not None:
        return Path(options.config)
    if "BRYGGA_CONFIG" in os.environ:
        return Path(os.environ["BRYGGA_CONFIG"])
    for path in CONFIG_PLACES:
        if path.exists():
            return path
    raise ConfigError(
        f"no configuration: none of {', '.join(map(str, CONFIG_PLACES))} exists; name one with --config FILE "
        "(examples/brygga.toml is one to begin with)"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (octet {error.start}): save it as UTF-8") from error


def _print_json(answer: Json) -> int:
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


# ── the words ──

_DEVICE_OPTIONS = {
    "dev_eui": "16 hex digits, from the label",
    "name": "what people call it",
    "decoder": "vendor/model, e.g. elsys/ers",
    "activation": "otaa (default) or abp",
    "mac_version": "LoRaWAN version, e.g. 1.0.3 (default)",
    "join_eui": "16 hex digits; also called AppEUI",
    "app_key": "32 hex digits (OTAA); asked for when left out, so that it stays out of the shell's history",
    "dev_addr": "8 hex digits (ABP)",
    "nwk_s_key": "32 hex digits (ABP)",
    "app_s_key": "32 hex digits (ABP)",
    "entity_type": "Smart Data Models type of what it measures, e.g. WeatherObserved",
    "entity_id": "the city's name for what it measures",
    "latitude": "degrees, WGS 84",
    "longitude": "degrees, WGS 84",
    "tags": "words that destinations select devices by, e.g. 'water north'",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="brygga",
        description="The agent on a LoRaWAN gateway: hears sensors, decodes them, keeps them, delivers them.",
        epilog="Begin with `brygga demo`, or with examples/brygga.toml and `brygga check`.",
    )
    parser.add_argument("--version", action="version", version=f"brygga {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    add = _adder(commands)
    add("run", _run, "run the agent", "Hear, keep and deliver until stopped (Ctrl-C or SIGTERM).")
    add(
        "check",
        _check,
        "check a configuration",
        "Print every problem of a configuration at once; exit 78 if there is one.",
    )
    _json(
        add(
            "status",
            _status,
            "show sources, journal and destinations",
            "Works on a running agent and on a stopped one.",
        )
    )
    demo = commands.add_parser("demo", help="show it all on this machine, with nothing else needed")
    demo.add_argument("--once", action="store_true", help="end by itself with a summary; exit 0 when nothing was lost")
    demo.add_argument("--outage", type=float, default=12.0, metavar="S", help="seconds the destinations are away (12)")
    demo.set_defaults(command=_demo)

    _device_commands(commands)

    decode = commands.add_parser("decode", help="decode a payload on the spot")
    decode.add_argument("--decoder", required=True, metavar="VENDOR/MODEL", help="e.g. elsys/ers")
    decode.add_argument("--port", type=int, required=True, metavar="N", help="FPort, 1 to 255")
    decode.add_argument("hex", nargs="+", metavar="HEX", help="the payload; blanks between octets are allowed")
    decode.set_defaults(command=_decode)
    _json(decode)

    _dead_letter_commands(commands)
    return parser


_Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what add_subparsers returns


def _adder(
    commands: _Subparsers[argparse.ArgumentParser],
) -> Callable[[str, Command, str, str], argparse.ArgumentParser]:
    def add(name: str, command: Command, brief: str, description: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=brief, description=description)
        parser.add_argument("--config", metavar="FILE", help="default: brygga.toml here, then /etc/brygga/brygga.toml")
        parser.set_defaults(command=command)
        return parser

    return add


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _device_commands(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    device = commands.add_parser("device", help="add, import, export, list, show, remove devices")
    add = _adder(device.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    one = add("add", _device_add, "add one device", "Add a device, or change the one with this DevEUI.")
    for name, text in _DEVICE_OPTIONS.items():
        one.add_argument(f"--{name.replace('_', '-')}", required=name == "dev_eui", help=text)
    many = add(
        "import",
        _device_import,
        "import a CSV file",
        "Add or change all devices of a CSV file, or none if a line is wrong.",
    )
    many.add_argument("file", metavar="FILE.csv", help="- for standard input; examples/devices.csv shows the columns")
    out = add(
        "export", _device_export, "export a CSV file", "Write all devices as CSV, for another box or for safe keeping."
    )
    out.add_argument("file", metavar="FILE.csv", nargs="?", default="-", help="- (default) for standard output")
    out.add_argument("--with-keys", action="store_true", help="root and session keys too")
    _json(add("list", _device_list, "list devices", "List all devices with the age of their last uplink."))
    shown = add("show", _device_show, "show one device", "Show all that is known of one device; never its keys.")
    shown.add_argument("device", metavar="DEVEUI")
    _json(shown)
    gone = add(
        "remove", _device_remove, "remove devices", "Forget devices and their sessions; uplinks already heard stay."
    )
    gone.add_argument("devices", metavar="DEVEUI", nargs="+")


def _dead_letter_commands(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    letters = commands.add_parser("dead-letters", help="uplinks that a platform refused or no decoder understood")
    add = _adder(letters.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    listed = add("list", _dead_letters_list, "list them", "List what is held back, with the platform's answer.")
    listed.add_argument("--limit", type=int, default=50, metavar="N")
    shown = add("show", _dead_letters_show, "show one", "Show one uplink with its payload and all its answers.")
    shown.add_argument("id", type=int, metavar="ID")
    _json(listed)
    _json(shown)
    retry = add("retry", _dead_letters_retry, "try them again", "Send them again: all, or those named.")
    drop = add("drop", _dead_letters_drop, "drop them for ever", "Drop those named, or --all.")
    drop.add_argument("--all", action="store_true")
    for parser in (retry, drop):
        parser.add_argument("ids", type=int, nargs="*", metavar="ID")
    for parser in (listed, retry, drop):
        parser.add_argument("--destination", metavar="NAME")
        parser.add_argument("--kind", metavar="KIND", help="refused, undecoded or undated")
