"""What the keys of every type of source have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import Name
from gateway.lorawan.region import Region
from gateway.model import TimeQuality
from gateway.sources.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Listens:
    """An address of this machine that a source takes for itself."""

    protocol: str  # "UDP" or "TCP"
    host: str
    port: int  # 0: any that is free


@dataclass(frozen=True, slots=True)
class Site:
    """What other sections say and a source may have to know."""

    region: Region  # with the site's channels
    trust: TimeQuality  # of this box's time


class SourceKeys(Keys):
    """A radio, or what stands for one."""

    can_be_relayed: ClassVar[bool] = False  # whether a relay can pass on what it brings

    name: Name = Field(description="what this source is called; no two sources have the same name")

    def listens(self) -> Listens | None:
        """Return what it listens on; called when every key is right."""
        return None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the words of each contradiction between keys that are right by themselves."""
        yield from ()

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the words of what works and is unwise."""
        yield from ()

    def settings(self) -> SourceSettings:
        """Return what the source is made of; called when every key is right."""
        raise NotImplementedError

    def warnings_at(self, site: Site) -> Iterator[tuple[str, str]]:  # noqa: ARG002 - for types that are told the region
        """Yield the key and the words of what works and is unwise at this site."""
        yield from ()

    def settings_at(self, site: Site) -> SourceSettings:  # noqa: ARG002 - the same
        """Return what the source is made of at this site; called when every key is right."""
        return self.settings()
