"""One finding for each cause: what only follows from another finding is not told beside it. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from gateway.doctor.finding import Finding
from gateway.errors import Hindrance

OF_A_LINE: Final = (
    ("dns.names:unknown", "about"),
    ("destinations.reach:unnamed", "about"),
    ("destinations.reach:closed", "about"),
    ("tls.handshake:clock", "about"),
    ("tls.handshake:unbelieved", "about"),
)
# check:ill (or check:ill:step) of what follows -> each check:ill that it follows from, and the key in which both have to be the same, if any
FOLLOWS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "destinations.reach:unnamed": (("dns.names:unknown", "name"),),
    "destinations.reach:closed": (("dns.names:unknown", "name"),),  # a lookup that hangs takes the connection's time with it
    "clock.keeper:no_keeper": (
        ("clock.quality:unkept", "start"),
        ("clock.quality:past", "start"),
        ("clock.quality:vouched", "start"),
    ),
    "destinations.standing:stalled": OF_A_LINE,
    "destinations.test:failed:name": OF_A_LINE,
    "destinations.test:failed:unreached": OF_A_LINE,
    "destinations.test:failed:certificate": OF_A_LINE,
    "destinations.test:failed:tls": OF_A_LINE,
    "destinations.test:failed:clock": (
        ("clock.quality:past", ""),
        ("clock.quality:jumped", ""),
        ("clock.quality:unkept", ""),
        ("clock.quality:unsynchronised", ""),
    ),
}  # fmt: skip
# What the line to a platform may do to it; where it refuses a login the line is not why, whatever is wrong with that since.
OF_THE_LINE: Final = frozenset(
    {Hindrance.NAME, Hindrance.NO_WAY, Hindrance.NO_LISTENER, Hindrance.SILENCE, Hindrance.CUT, Hindrance.TLS}
)


def causes(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those that follow from another one of them."""
    every = [*findings]
    told = {(_name(one), *pair) for one in every for pair in (("", None), *one.keys.items())}
    return [one for one in every if not _follows(one, told)]


def _follows(one: Finding, told: Container[tuple[str, str, str | None]]) -> bool:
    """Tell whether one of its causes is ``told``, by check:ill, key and value."""
    if one.ill == "stalled" and one.keys.get("hindrance") not in OF_THE_LINE:
        return False
    return any((cause, key, one.keys.get(key)) in told for cause, key in _causes_of(one))


def _causes_of(one: Finding) -> Sequence[tuple[str, str]]:
    return FOLLOWS.get(_name(one)) or FOLLOWS.get(f"{_name(one)}:{one.keys.get('step', '')}", ())


def _name(one: Finding) -> str:
    return f"{one.check}:{one.ill}"
