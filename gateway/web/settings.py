"""What a configuration says about the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.sources.web_tls import ServerTls

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the dashboard listens, and who may see it. Files of secrets need not be there: they are looked at while it runs."""

    host: str
    port: int
    password_file: Path
    tokens_file: Path
    tls: ServerTls | None  # None: http
    session: timedelta  # that a login lasts while nobody uses it

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine reaches it."""
        return self.host in LOOPBACK
