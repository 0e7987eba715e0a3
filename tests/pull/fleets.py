"""A fleet's operator with a key, the files that they sign, and a box that is to take them."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from gateway.config.fleet import fleet
from gateway.control import serving
from gateway.desk import Desk
from gateway.model import Instant, Json, TimeQuality
from gateway.pull.pulling import Outcome, Wishes, pull
from tests.journal.samples import NOW

OWN = """[gateway]
name = "roof-1"
data = "data"
[clock]
trust = "system"
[fleet]
tags = ["north"]
[[source]]
name = "mast"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""
CITY = """[[part]]
[[part.configuration.destination]]
name = "city"
url = "http://127.0.0.1:9"
format = "ngsi_ld"
"""


OTHERS = '[[part]]\ngateways = ["cellar-*"]\nconfiguration.journal.limit = "1 GB"\n'


def keygen(*words: str | Path) -> None:
    """Run OpenSSH's own."""
    subprocess.run(["ssh-keygen", *map(str, words)], check=True, capture_output=True, timeout=30)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who signs a fleet's files."""

    folder: Path
    name: str = "ops"

    @property
    def key(self) -> Path:
        """The private key; made at the first look."""
        path = self.folder / f"{self.name}_key"
        if not path.exists():
            keygen("-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", path)
        return path

    @property
    def public(self) -> str:
        """The public one."""
        return self.key.with_suffix(".pub").read_text(encoding="ascii")

    def sign(self, path: Path, namespace: str = "brygga-fleet", *options: str) -> bytes:
        """Sign a file as an operator does, and return the signature, which lies beside it."""
        signature = path.with_name(f"{path.name}.sig")
        signature.unlink(missing_ok=True)
        keygen("-Y", "sign", "-n", namespace, "-f", self.key, *options, path)
        return signature.read_bytes()


def bundle(serial: int, parts: str = CITY, expires: str = "2027-01-01T00:00:00Z") -> str:
    """Return a fleet's file."""
    return f"[bundle]\nserial = {serial}\nexpires = {expires}\n{parts}"


@dataclass(slots=True)
class Taker:
    """A box that takes a fleet's files, and the operator's folder."""

    folder: Path
    operator: Operator
    now: Any = NOW
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def toml(self) -> Path:
        """The box's own file."""
        return self.folder / "brygga.toml"

    @property
    def fragment(self) -> Path:
        """Where the fleet's lies."""
        return self.folder / "brygga.d" / "50-fleet.toml"

    @property
    def file(self) -> Path:
        """Where the operator puts the fleet's file."""
        return self.operator.folder / "fleet.toml"

    def publish(self, text: str) -> None:
        """Sign a file and put it where boxes fetch it."""
        self.file.write_text(text, encoding="utf-8")
        self.operator.sign(self.file)

    async def pull(self, url: str = "", **wishes: Any) -> Outcome:
        """Do what `brygga config pull` does."""
        wanted = Wishes(path=self.toml, url=url or self.file.as_uri(), **{"watch_s": 0.5, **wishes})
        return await pull(fleet(self.toml), wanted, lambda _: (), self.clock)

    def clock(self) -> Instant:
        """Return the box's time."""
        return Instant(self.now, 1000.0, "boot", TimeQuality.NTP)


class Agent:
    """A running agent, as far as a pull sees it: what it says to each request, in turn; the last answer stays."""

    def __init__(self, *statuses: Mapping[str, Json], reload: Mapping[str, Json] | Exception | None = None) -> None:
        self.statuses = [*statuses]
        self.asked: list[str] = []
        self._reload = reload or {
            "running": True,
            "changed": ["destination city: added"],
            "restart": [],
            "warnings": [],
        }

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Answer as the desk does."""
        self.asked.append(request["do"])
        if request["do"] == "reload":
            if isinstance(self._reload, Exception):
                error, self._reload = self._reload, {}
                raise error
            return self._reload
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextlib.asynccontextmanager
async def listening(taker: Taker, agent: Agent) -> AsyncIterator[None]:
    """Have an agent at the box's socket for as long as the block lasts."""
    (taker.folder / "data").mkdir(exist_ok=True)
    async with serving(taker.folder / "data" / "control.sock", cast("Desk", agent)):
        await asyncio.sleep(0)
        yield


def status(sources: str = "mast", **states: str) -> dict[str, Json]:
    """Return what an agent says whose destinations are in these states."""
    return {
        "agent": {"running": True},
        "destinations": {
            name: {"state": state, "trouble": "why" if state == "stalled" else None, "last_answer_s": 0.0}
            for name, state in states.items()
        },
        "sources": [{"name": "mast", "listening": "127.0.0.1:1700" if sources else None}],
    }
