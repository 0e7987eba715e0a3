"""TLS as a server: our certificate, and which authority's certificates who connects must show."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError

LOOK_EVERY_S: Final = 60.0  # whether a certificate was renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTls:
    """Who we are to those that connect, and whom of them to believe."""

    certificate_file: Path  # ours, PEM, with its chain
    key_file: Path | None = None  # None: it stands in certificate_file
    client_ca_file: Path | None = None  # None: nobody needs one


def server_context(tls: ServerTls) -> ssl.SSLContext:
    """Read the files into a context; ConfigError names the file that is wrong."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2  # the latest that Basics Station 2.0.6 speaks
    names = f"{tls.certificate_file} and {tls.key_file}" if tls.key_file else str(tls.certificate_file)
    try:
        # Without a password of its own OpenSSL would ask the terminal for the key's.
        made.load_cert_chain(tls.certificate_file, tls.key_file, password=b"")
    except ssl.SSLError as error:
        words = f"no certificate and its unencrypted private key in PEM form ({error.reason or 'not readable'})"
        raise ConfigError(f"{names}: {words}") from error
    except OSError as error:
        raise ConfigError(f"{names}: cannot be read: {error.strerror}") from error
    if tls.client_ca_file is not None:
        _believe(made, tls.client_ca_file)
    return made


class Renewal:
    """Show a renewed certificate to who connects from then on: nobody starts an agent again because certbot was there.

    Whom to believe (``client_ca_file``) is not read again: an authority that has gone would be believed still.
    """

    def __init__(self, context: ssl.SSLContext, tls: ServerTls) -> None:
        self._context, self._tls = context, tls
        self._known = _stamps(tls)
        self.trouble = ""  # why a new one cannot be used

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            found = _stamps(self._tls)
            if found != self._known:
                self._known, self.trouble = found, self._taken()

    def _taken(self) -> str:
        try:
            server_context(self._tls)  # apart: half of a pair that does not fit would stay in the one that is used
            self._context.load_cert_chain(self._tls.certificate_file, self._tls.key_file, password=b"")
        except (ConfigError, OSError) as error:  # OSError: it has changed in between
            return f"this box's certificate has changed and cannot be used, so that the old one is shown: {error}"
        return ""


def _stamps(tls: ServerTls) -> list[tuple[int, int, int] | None]:
    return [_stamp(path) for path in (tls.certificate_file, tls.key_file) if path is not None]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _believe(made: ssl.SSLContext, ca_file: Path) -> None:
    try:
        made.load_verify_locations(ca_file)
    except ssl.SSLError as error:
        raise ConfigError(f"{ca_file}: holds no certificate authority in PEM form (BEGIN CERTIFICATE)") from error
    except OSError as error:
        raise ConfigError(f"{ca_file}: cannot be read: {error.strerror}") from error
    made.verify_mode = ssl.CERT_REQUIRED
