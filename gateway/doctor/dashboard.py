"""The dashboard: may it be reached by others, and does it ask who they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.config import Settings
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing

CLEAR: Final = Ill(
    "clear", Standing.UNWISE, "the dashboard's password goes over the network in the clear", "brygga web certificate"
)
NO_PASSWORD: Final = Ill(
    "no_password",
    Standing.WRONG,
    "the dashboard is not opened to the network before it has a password",
    "brygga web password",
)
WEAK: Final = Ill(
    "weak",
    Standing.UNWISE,
    "the dashboard's password is kept in a form that is quick to guess",
    "brygga web password writes it anew",
)
ARGON2: Final = "$argon2id$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """How the dashboard is set up."""

    host: str
    port: int
    is_local: bool
    has_tls: bool
    has_password: bool
    is_argon2: bool


async def dashboard(box: Box) -> Dashboard | None:
    """Return how the dashboard is set up; None without one."""
    return None if box.settings is None else await apart(_dashboard, box.settings)


def _dashboard(settings: Settings) -> Dashboard | None:
    if (web := settings.web) is None:
        return None
    there = web.password_file.exists()
    return Dashboard(
        host=web.host,
        port=web.port,
        is_local=web.is_local,
        has_tls=web.tls is not None,
        has_password=there,
        is_argon2=there and ARGON2 in web.password_file.read_text(encoding="utf-8"),
    )


def judge(one: Dashboard) -> Iterator[Seen]:
    """Judge who reaches it, and how."""
    where = f"{one.host}:{one.port}"
    if not one.is_local and not one.has_password:
        yield Seen(where, NO_PASSWORD)
    if not one.is_local and not one.has_tls:
        yield Seen(f"http://{where}", CLEAR)
    if one.has_password and not one.is_argon2:
        yield Seen("its file holds no argon2id hash", WEAK)
    yield Seen(f"{'https' if one.has_tls else 'http'}://{where}")


CHECKS: Final = (
    Check(
        id="web.access",
        looks="[web]: where the dashboard listens, whether it has a certificate and a password",
        probe=dashboard,
        judge=judge,
        ills=(NO_PASSWORD, CLEAR, WEAK),
    ),
)
