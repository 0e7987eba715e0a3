"""`[fleet]`: where a fleet's configuration is fetched, and whose signature counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.config.access_keys import PROXY_WORDS, ProxyWish
from gateway.config.section_keys import Keys
from gateway.config.values import Folder, SecretFile, Shown, Tags
from gateway.config.way_keys import TlsKeys

EXAMPLE: Final = "https://config.city.example/brygga/fleet.toml"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def fleet_url(text: str) -> str:
    """Return a URL as it is; ValueError says what would be right."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no URL ({error}); {EXAMPLE!r} is one") from error
    if "@" in parts.netloc:
        raise ValueError("a URL is shown to people, so no user and password in it; fleet.token_file holds a token")
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return text
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise ValueError(
            f"{text!r}: https:// or file:/// is right, such as {EXAMPLE!r}; http:// is taken from this machine alone"
        )
    return text


class FleetKeys(Keys):
    """A configuration that many boxes share: a signed file that `brygga config pull` fetches into brygga.d/50-fleet.toml."""

    url: Annotated[
        str | None,
        AfterValidator(lambda text: text if text is None else fleet_url(text)),
        Shown(f'a URL such as "{EXAMPLE}"'),
    ] = Field(
        default=None,
        description=f"where the file is, such as `{EXAMPLE}`; its signature lies beside it, with `.sig` behind the name. Without it"
        " `brygga config pull` has to be told",
    )
    keys_file: Folder = Field(
        default=Path("fleet.keys"),
        description="whose signature counts: public keys as ssh-keygen writes them (`ssh-ed25519 AAAA… name`), one a line. Whoever has a"
        " private one of them configures this box",
    )
    tags: Tags = Field(default=[], description="what this box is called in the file beside its name, one word each")
    token_file: SecretFile = Field(default=None, description="a Bearer token that the server asks for, out of a file")
    proxy: ProxyWish = Field(default=None, description=PROXY_WORDS)
    tls: TlsKeys = Field(default=TlsKeys(), description="as `[destination.tls]`, whom to believe and who we are")
