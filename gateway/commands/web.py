"""The commands about the dashboard: its password, tokens of programs, a certificate."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import lines, places
from gateway.commands.asking import asked_secret
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config import Settings
    from gateway.web.tokens import Token


def _password(options: argparse.Namespace, _: Ask) -> int:
    from gateway.web.passwords import hashed

    settings = _settings(options)
    path = _file(settings, "password_file")
    _write(path, hashed(_typed() if not options.stdin else _piped()) + "\n", settings)
    lines.say(f"wrote {path}: the password's hash; whoever was logged in is logged in no more")
    _say_off(settings)
    return 0


def _typed() -> str:
    from gateway.web.passwords import problem_of

    if not lines.is_terminal(sys.stdin):
        raise ConfigError("web password: it is asked for on a terminal; a script gives --stdin")
    password = asked_secret("new password")
    if problem := problem_of(password):
        raise ConfigError(f"web password: {problem}")
    if asked_secret("once more") != password:
        raise ConfigError("web password: these are two different ones; nothing was changed")
    return password


def _piped() -> str:
    from gateway.web.passwords import problem_of

    if sys.stdin is None:
        raise ConfigError("web password --stdin: standard input is closed, and the password was to come from there")
    password = sys.stdin.readline().rstrip("\r\n")
    if problem := problem_of(password):
        raise ConfigError(f"web password --stdin: {problem}")
    return password


# ── tokens ──


def _token_add(options: argparse.Namespace, _: Ask) -> int:
    from gateway.web import tokens
    from gateway.web.roles import Role
    from gateway.whole_files import changing_private

    settings = _settings(options)
    path = _file(settings, "tokens_file")
    token, kept = tokens.made(options.name, Role(options.role), datetime.now(UTC).date().isoformat())
    with changing_private(path, _whose(settings)) as file:
        file.write(tokens.written([*_besides(options.name, tokens.read(path)), kept]).encode())
    lines.aside(f"the token {options.name}, role {kept.role}; it is shown this once:")
    lines.say(token)
    return 0


def _besides(name: str, there: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens beside which one of this name has room; ConfigError where it has none."""
    from gateway.web.tokens import MOST

    if any(one.name == name for one in there):
        raise ConfigError(f"web token add: there is a token {name} already; `brygga web token remove` takes it away")
    if len(there) >= MOST:
        raise ConfigError(f"web token add: there are {len(there)} tokens; {MOST} are the most")
    return there


def _token_list(options: argparse.Namespace, _: Ask) -> int:
    from gateway.web import tokens

    there = tokens.read(_file(_settings(options), "tokens_file"))
    if options.json:
        return as_json([{"name": one.name, "role": str(one.role), "made": one.made} for one in there])
    for one in there:
        lines.say(f"{one.name}  {one.role}  {one.made}")
    if not there:
        lines.say("no tokens; `brygga web token add NAME --role view` makes one")
    return 0


def _token_remove(options: argparse.Namespace, _: Ask) -> int:
    from gateway.web import tokens
    from gateway.whole_files import changing_private

    settings = _settings(options)
    path = _file(settings, "tokens_file")
    _without(options.name, tokens.read(path))  # where there is none of the name, nothing is to be written
    with changing_private(path, _whose(settings)) as file:
        file.write(tokens.written(_without(options.name, tokens.read(path))).encode())
    lines.say(f"{options.name} is let in no more")
    return 0


def _without(name: str, there: Sequence[Token]) -> Sequence[Token]:
    """Return the others; ConfigError where none is called so."""
    from gateway.desk.words import did_you_mean

    left = [one for one in there if one.name != name]
    if len(left) == len(there):
        names = [one.name for one in there]
        those = did_you_mean(name, names) or f"; those there are: {', '.join(names) or 'none'}"
        raise ConfigError(f"web token remove: there is no token {name}{those}")
    return left


# ── a certificate ──


def _certificate(options: argparse.Namespace, _: Ask) -> int:
    from gateway.web.certificate import fingerprint, made

    settings = _settings(options)
    if settings.web is not None and settings.web.tls is not None and not options.force:
        raise ConfigError(
            f"web certificate: there is one, {settings.web.tls.certificate_file}; --force puts a new one in place of web.crt"
        )
    certificate, key = made(options.host, settings.gateway.name, options.days)
    folder = settings.gateway.data
    _write(folder / "web.key", key, settings)
    _write(folder / "web.crt", certificate, settings)
    lines.say(
        f"wrote {folder / 'web.crt'} and {folder / 'web.key'}, for {', '.join(options.host)}, good for {options.days} days"
    )
    lines.say("No authority has signed it: a browser warns once. Its SHA-256 fingerprint, to be compared there:")
    lines.say(f"  {fingerprint(certificate)}")
    lines.say("Next: start the agent again, or `brygga reload`; the dashboard is at https:// then")
    return 0


def _file(settings: Settings, name: str) -> Path:
    """Return a file of secrets, also where the configuration has no [web] yet."""
    from gateway.config.web_keys import WebKeys

    web = settings.web or WebKeys().settings(settings.gateway.data)
    path: Path = getattr(web, name)
    return path


def _write(path: Path, text: str, settings: Settings) -> None:
    """Keep a secret of the dashboard, which is for whoever the agent runs as: whom the data folder belongs to."""
    from gateway.whole_files import write_private

    write_private(path, text.encode(), _whose(settings))


def _whose(settings: Settings) -> Path | None:
    data = settings.gateway.data
    return data if data.exists() else None


def _say_off(settings: Settings) -> None:
    if settings.web is None:
        lines.say(
            'Next: a section [web] in the configuration turns the dashboard on; host = "0.0.0.0" lets others reach it'
        )


def _settings(options: argparse.Namespace) -> Settings:
    from gateway.config import load

    return load(places.config_path(options))


DEEDS: dict[str, Deed] = {
    "web password": _password,
    "web token add": _token_add,
    "web token list": _token_list,
    "web token remove": _token_remove,
    "web certificate": _certificate,
}
