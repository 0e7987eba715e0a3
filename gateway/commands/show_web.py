"""What `brygga status` prints of the dashboard: where it is, and who was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands.listing import printable

if TYPE_CHECKING:
    from gateway.model import Json

REASONS = {
    "password": "wrong passwords",
    "too_often": "passwords tried too often",
    "no_login": "without a login",
    "token": "tokens that are not known",
    "csrf": "without the page's token",
    "origin": "from pages of other sites",
    "host": "under strange names",
    "role": "whose role is not enough",
    "crowded": "connections too many",
    "slow": "too slow",
    "too_large": "too large",
    "fault": "faults of the agent's own",
}  # others are questions that were wrong, nobody's business but whoever asked


def web_lines(web: Mapping[str, Json] | None) -> Iterator[str]:
    """Yield the lines of the dashboard; none where there is none."""
    if web is None:
        return
    scheme = "https" if web["secure"] else "http"
    where = f"{scheme}://{web['listening']}" if web["listening"] else "not there"
    logged_in = f", {web['sessions']} logged in" if web["has_password"] else ", no password: this machine alone"
    yield f"dashboard: {where}{logged_in}"
    refused = {REASONS[name]: count for name, count in web["refused"].items() if name in REASONS}
    if refused:
        yield f"    refused: {', '.join(f'{words} {count}' for words, count in sorted(refused.items()))}"
    if web["listening"] and web["trouble"]:
        yield f"    ! {printable(web['trouble'])}"
