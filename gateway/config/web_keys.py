"""The keys of `[web]`: the dashboard and its API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import OptionalFile, OptionalPath, Port, Shown, Text
from gateway.errors import ConfigError
from gateway.sources.web_tls import ServerTls, server_context
from gateway.web.settings import Web

PASSWORD_FILE: Final = "web.password"  # noqa: S105 - its name in the data folder, and as a systemd credential
TOKENS_FILE: Final = "web.tokens"
CERTIFICATE_FILE: Final = "web.crt"  # as `brygga web certificate` makes it
KEY_FILE: Final = "web.key"


class WebKeys(Keys):
    """The dashboard and its API. Without this section no port is opened; an empty one is right on the box itself."""

    host: Annotated[Text, Field(min_length=1), Shown("an address of this machine, or a name of it")] = Field(
        default="127.0.0.1",
        description="where it listens: `127.0.0.1` is this machine alone (`ssh -L 8080:127.0.0.1:8080` brings it to yours), an address"
        " that network, `0.0.0.0` all; beyond this machine nothing is opened before `brygga web password` was used",
    )
    port: Port = Field(default=8080, description="the TCP port; below 1024 the service needs a right of its own")
    password_file: OptionalPath = Field(
        default=None,
        description="the password's argon2 hash, as `brygga web password` writes it; without this key systemd's credential"
        " `web.password` where there is one, else `web.password` in the data folder",
    )
    tokens_file: OptionalPath = Field(
        default=None,
        description="the hashes of programs' tokens, as `brygga web token add` writes them; without this key systemd's credential"
        " `web.tokens` where there is one, else `web.tokens` in the data folder",
    )
    certificate_file: OptionalFile = Field(
        default=None,
        description="the box's certificate with its chain, PEM, for https; a renewed one is shown within a minute. Without this key"
        " `web.crt` in the data folder where there is one (`brygga web certificate` makes it), else http",
    )
    key_file: OptionalFile = Field(
        default=None, description="its private key, PEM, without a password, if it is not in the same file"
    )
    session_hours: Annotated[
        float, Field(gt=0, le=168, allow_inf_nan=False), Shown("a number of hours above 0 and up to 168")
    ] = Field(
        default=12.0,
        description="how long a login lasts while nobody uses it; after a week, and when the agent starts again, it ends in any case",
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield key and words for each pair of keys that do not fit."""
        if self.key_file is not None and self.certificate_file is None:
            yield "certificate_file", "is missing; key_file belongs to it"
        elif self.certificate_file is not None:
            try:
                server_context(ServerTls(certificate_file=self.certificate_file, key_file=self.key_file))
            except ConfigError as error:
                yield "certificate_file", "; ".join(error.problems)

    def warnings(self, data: Path) -> Iterator[tuple[str, str]]:
        """Yield key and words for what works and is unwise; ``data`` is the data folder."""
        web = self.settings(data)
        if web.is_local:
            if self.password_file is not None and not _is_there(web.password_file):
                yield (
                    "password_file",
                    f"{web.password_file} is not there: whoever is on this machine gets in without a password",
                )
            return
        if not _is_there(web.password_file):
            yield "host", f"{web.host} is not opened before there is a password: `brygga web password`"
        if web.tls is None:
            yield "host", "http:// sends password and session in the clear; `brygga web certificate` makes it https://"

    def settings(self, data: Path) -> Web:
        """Return what becomes of the keys; ``data`` is the data folder."""
        return Web(
            host=self.host,
            port=self.port,
            password_file=self.password_file or _secret(data, PASSWORD_FILE),
            tokens_file=self.tokens_file or _secret(data, TOKENS_FILE),
            tls=self._tls(data),
            session=timedelta(hours=self.session_hours),
        )

    def _tls(self, data: Path) -> ServerTls | None:
        if self.certificate_file is not None:
            return ServerTls(certificate_file=self.certificate_file, key_file=self.key_file)
        made = data / CERTIFICATE_FILE
        return ServerTls(certificate_file=made, key_file=data / KEY_FILE) if _is_there(made) else None


def _secret(data: Path, name: str) -> Path:
    """Return systemd's credential of that name where there is one (systemd.exec(5), LoadCredential=), else the file in ``data``."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder, name) if folder else None
    return credential if credential is not None and _is_there(credential) else data / name


def _is_there(path: Path) -> bool:
    """Tell whether a file is there, as far as this user sees: what he may not look at is, and whoever opens it says why it cannot be."""
    try:
        return path.exists()
    except PermissionError:
        return True
