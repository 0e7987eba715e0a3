"""The real mosquitto with a configuration of its own in a folder: started, stopped, killed, started again on its port."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from simulators.platforms.certificates import Identity
from simulators.ports import free_tcp_port

START_LIMIT_S: Final = 10.0
STOP_LIMIT_S: Final = 10.0
PROBE_PAUSE_S: Final = 0.02
# mosquitto drops what is more, silently, and its own limit is 1000. 0 (none) is a trap: 2.0.11 then hangs up on a client
# whenever it refuses one of its publications.
MOST_QUEUED: Final = 1_000_000
PASSWORD_ROUNDS: Final = 101  # of PBKDF2-SHA512, as mosquitto_passwd writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class MosquittoSettings:
    """What a test wants of its broker; what is left out is as mosquitto has it."""

    passwords: Mapping[str, str] = field(default_factory=dict)  # user: password; without any, anybody may connect
    access: Sequence[str] = ()  # lines of an ACL file, e.g. "topic write city/#"; without any, everything is allowed
    persistence: bool = False  # saved at every change, so that `kill` loses next to nothing
    server: Identity | None = None  # speaks TLS
    client_authority: Path | None = None  # and wants a client's certificate of this authority
    max_inflight: int | None = None  # the Receive Maximum of its CONNACK; mosquitto's own is 20
    max_packet_octets: int | None = None
    more: Sequence[str] = ()  # further lines of mosquitto.conf


class Mosquitto:
    """A mosquitto process. Use it as a context, or `start` and `stop` it."""

    def __init__(self, folder: Path, settings: MosquittoSettings | None = None, *, port: int = 0) -> None:
        self._folder = folder
        self._settings = settings or MosquittoSettings()
        self._process: asyncio.subprocess.Process | None = None
        self.port = port or free_tcp_port()
        self.log = folder / "mosquitto.log"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process; RuntimeError where there is none."""
        if self._process is None:
            raise RuntimeError("mosquitto does not run")
        return self._process.pid

    async def start(self) -> None:
        """Start it and return when it listens; RuntimeError says what it complains of."""
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text("\n".join([*self._lines(), ""]), encoding="utf-8")
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                find_mosquitto(),
                *("-c", str(configuration)),
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it, not for it
            )
        async with asyncio.timeout(START_LIMIT_S):
            while not self._listens():
                if not self.running:
                    raise RuntimeError(f"mosquitto did not start: {self.log.read_text(encoding='utf-8')[-500:]}")
                await asyncio.sleep(PROBE_PAUSE_S)

    async def stop(self) -> None:
        """End it in good order (SIGTERM): it says good-bye to its clients, and saves what it has to save."""
        await self._signal(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        await self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """Stop it in the middle of whatever it does (SIGSTOP): connections stay, and nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def restart(self) -> None:
        """End it in good order and start it again on the same port."""
        await self.stop()
        await self.start()

    async def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGCONT)  # a paused process does not see SIGTERM
        process.send_signal(number)
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _lines(self) -> list[str]:
        settings = self._settings
        lines = [
            f"listener {self.port} 127.0.0.1",
            "set_tcp_nodelay true",
            f"max_queued_messages {MOST_QUEUED}",
            f"user {_user()}",
        ]
        lines.append(f"allow_anonymous {'false' if settings.passwords else 'true'}")
        if settings.passwords:
            lines.append(f"password_file {self._write('passwords', _password_lines(settings.passwords))}")
        if settings.access:
            lines.append(f"acl_file {self._write('access', settings.access)}")
        if settings.persistence:
            lines += ["persistence true", f"persistence_location {self._folder}/"]
            lines += ["autosave_on_changes true", "autosave_interval 1"]
        if settings.max_inflight is not None:
            lines.append(f"max_inflight_messages {settings.max_inflight}")
        if settings.max_packet_octets is not None:
            lines.append(f"max_packet_size {settings.max_packet_octets}")
        return [*lines, *self._tls_lines(), *settings.more]

    def _tls_lines(self) -> list[str]:
        settings = self._settings
        if settings.server is None:
            return []
        lines = [f"certfile {settings.server.certificate}", f"keyfile {settings.server.key}"]
        if settings.client_authority is not None:
            lines += [f"cafile {settings.client_authority}", "require_certificate true"]
        return lines

    def _write(self, name: str, lines: Sequence[str]) -> Path:
        path = self._folder / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        path.chmod(0o600)
        return path


def find_mosquitto() -> str:
    """Return the path of the program; FileNotFoundError says how to get it."""
    path = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if path is None:
        raise FileNotFoundError("mosquitto is not installed: `apt install mosquitto` (its service need not run)")
    return path


def _user() -> str:
    """Return who mosquitto runs as: as root it would change to a user that cannot read the folder."""
    return "root" if os.geteuid() == 0 else os.environ.get("USER", "mosquitto")


def _password_lines(passwords: Mapping[str, str]) -> list[str]:
    lines = []
    for user, password in passwords.items():
        salt = hashlib.sha256(user.encode()).digest()[:12]
        digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ROUNDS)
        salt_text, digest_text = (base64.b64encode(octets).decode("ascii") for octets in (salt, digest))
        lines.append(f"{user}:$7${PASSWORD_ROUNDS}${salt_text}${digest_text}")
    return lines
