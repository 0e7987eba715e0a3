"""Tokens of programs: random, shown once, kept as a hash with a name and a role.

    {"tokens": [{"name": "grafana", "role": "metrics", "sha256": "9f86…", "made": "2026-11-26"}]}

A token has 256 random bits: a plain digest of it tells nothing and needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.web.roles import Role

PREFIX: Final = "brygga_"  # so that scanners for secrets in repositories can tell one
OCTETS: Final = 32
MOST: Final = 64  # each request with a token is held against all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of one."""

    name: str
    role: Role
    sha256: str  # hex
    made: str  # the day


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def made(name: str, role: Role, day: str) -> tuple[str, Token]:
    """Return a new token, to be shown once, and what is kept of it."""
    token = PREFIX + secrets.token_urlsafe(OCTETS)
    return token, Token(name=name, role=role, sha256=digest(token), made=day)


def read(path: Path) -> tuple[Token, ...]:
    """Return the tokens of a file, none where it is not there; ConfigError says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"web.tokens_file: {path} cannot be read: {error}") from error
    try:
        found = tuple(
            Token(name=str(one["name"]), role=Role(one["role"]), sha256=str(one["sha256"]), made=str(one["made"]))
            for one in json.loads(text)["tokens"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"web.tokens_file: {path} is not what `brygga web token add` writes ({error!r})") from error
    return found[:MOST]


def written(tokens: Sequence[Token]) -> str:
    """Return the text of a file."""
    return json.dumps({"tokens": [asdict(one) for one in tokens]}, indent=1, ensure_ascii=False) + "\n"


class TokensFile:
    """The file with the hashes, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def find(self, token: str) -> Token | None:
        """Return what is kept of a token, None for one that is not known; takes as long either way. Raises ConfigError."""
        self._look()
        wanted, found = digest(token), None
        for one in self._tokens:
            if hmac.compare_digest(one.sha256.encode("utf-8", "replace"), wanted.encode()):
                found = one
        return found

    def _look(self) -> None:
        try:
            status = self._path.stat()
        except OSError:
            stamp = None
        else:
            stamp = status.st_mtime_ns, status.st_size, status.st_ino
        if stamp != self._stamp:
            self._tokens, self._stamp = read(self._path), stamp
