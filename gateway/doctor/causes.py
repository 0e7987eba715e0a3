"""One finding for each cause: what only follows from another finding is not told beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.doctor.finding import Finding

# check:ill of what follows -> the check:ill that it follows from, where both are about one host
FOLLOWS: Final[Mapping[str, str]] = {
    "destinations.reach:unnamed": "dns.names:unknown",
    "destinations.reach:closed": "dns.names:unknown",  # a lookup that hangs takes the connection's time with it
}


def causes(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those that follow from another one of them."""
    every = [*findings]
    told = {(_name(one), one.keys.get("name")) for one in every}
    return [one for one in every if (FOLLOWS.get(_name(one)), one.keys.get("name")) not in told]


def _name(one: Finding) -> str:
    return f"{one.check}:{one.ill}"
