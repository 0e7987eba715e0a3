"""The dashboard: is it there, may it be reached by others, and does it ask who they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.config import Settings
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.model import Json

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
DOWN: Final = Ill(
    "down",
    Standing.WRONG,
    "[web] is in the configuration, and nobody can open the dashboard",
    "mend what is said here; it is tried again by itself. sudo ss -ltnp shows who has a port",
)
OTHER: Final = Ill(
    "other", Standing.UNWISE, "the agent does not know yet what [web] says: it was changed since", "brygga reload"
)
STALE: Final = Ill(
    "stale",
    Standing.UNWISE,
    "the dashboard goes on with its old certificate, for the new one cannot be read",
    "mend what is said here; brygga web certificate makes one anew",
)
ARGON2: Final = "$argon2id$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """How the dashboard is set up, and whether the agent says that it is there."""

    host: str
    port: int
    is_local: bool
    has_tls: bool
    has_password: bool
    is_argon2: bool
    standing: Mapping[str, Json] | None = None  # as a running agent tells it; None: no agent, or none that knows of it
    is_asked: bool = False  # an agent has answered


async def dashboard(box: Box) -> Dashboard | None:
    """Return how the dashboard is set up; None without one."""
    found = None if box.settings is None else await apart(_dashboard, box.settings)
    if found is None or box.status is None:
        return found
    return replace(found, standing=box.status.get("web"), is_asked=True)


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
    if one.is_asked and (one.is_local or one.has_password):  # else the password is what it waits for
        yield from _there(one)
    yield Seen(f"{'https' if one.has_tls else 'http'}://{where}")


def _there(one: Dashboard) -> Iterator[Seen]:
    if one.standing is None:
        yield Seen("the agent that runs has no dashboard", OTHER)
    elif trouble := one.standing["trouble"]:
        yield Seen(trouble, STALE if one.standing["listening"] else DOWN)


CHECKS: Final = (
    Check(
        id="web.access",
        looks="[web]: whether the dashboard is there, where it listens, whether it has a certificate and a password",
        probe=dashboard,
        judge=judge,
        ills=(NO_PASSWORD, DOWN, CLEAR, WEAK, OTHER, STALE),
    ),
)
