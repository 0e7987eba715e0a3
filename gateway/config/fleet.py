"""What `brygga config pull` needs of a configuration: it has to be had although all else is wrong, for a new file may mend that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from gateway.config.access import Access
from gateway.config.cities import Cities
from gateway.config.fleet_keys import FleetKeys
from gateway.config.fragments import Document, fragments_folder, read
from gateway.config.loading import access_of, located, sections_of
from gateway.config.whole import Sections, control_socket
from gateway.errors import ConfigError
from gateway.transports.secret import Secret
from gateway.transports.tls import Tls

FRAGMENT: Final = "50-fleet.toml"
NEEDED: Final = ("gateway", "fleet", "network_access")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """This box as its fleet sees it, and where the fleet's file is."""

    gateway: str
    tags: frozenset[str]
    data: Path
    control_socket: Path
    fragment: Path  # brygga.d/50-fleet.toml
    url: str | None
    keys_file: Path
    token: Secret | None
    wish: str | None  # for a proxy
    tls: Tls
    access: Access


def fleet(path: Path) -> Fleet:
    """Return what `[fleet]` says; ConfigError where it, `[gateway]` or `[network_access]` is wrong, whatever else is.

    Name and tags are as the box has them without the fleet's own fragment: what that says of them would change what it is next time.
    Where they are wrong because of the fragment, that counts as not there.
    """
    own = _fleet(read(path, {FRAGMENT: ""}), path)
    try:
        whole = _fleet(read(path), path)
    except ConfigError:
        return own
    return replace(whole, gateway=own.gateway, tags=own.tags)


def _fleet(document: Document, path: Path) -> Fleet:
    sections, problems = sections_of(document, Cities(path.absolute().parent))
    wrong = [one for one in problems if one.startswith(tuple(f"{name}{sign}" for name in NEEDED for sign in ".:"))]
    if wrong:
        raise ConfigError([located(one, sections, document) for one in wrong])
    return _made(sections, document, path)


def _made(sections: Sections, document: Document, path: Path) -> Fleet:
    keys = cast("FleetKeys", sections.single["fleet"].keys)
    return Fleet(
        gateway=sections.gateway.name,
        tags=frozenset(keys.tags),
        data=sections.gateway.data,
        control_socket=control_socket(sections.gateway),
        fragment=fragments_folder(path.absolute()) / FRAGMENT,
        url=keys.url,
        keys_file=path.absolute().parent / keys.keys_file,
        token=keys.token_file,
        wish=keys.proxy,
        tls=Tls(**dict(keys.tls)),
        access=access_of(sections, document),
    )
