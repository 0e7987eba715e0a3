"""Certificates that lie on this box: ours, and those of authorities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing

SOON_DAYS: Final = 21

EXPIRED: Final = Ill(
    "expired",
    Standing.WRONG,
    "a certificate of this box has ended: nobody believes it",
    "renew {path}; the agent takes the new one",
)
SOON: Final = Ill("soon", Standing.UNWISE, "a certificate of this box ends within three weeks", "renew {path}")
UNREADABLE: Final = Ill(
    "unreadable",
    Standing.WRONG,
    "a certificate's file is not there, or is none",
    "put a PEM file (BEGIN CERTIFICATE) at {path}",
)
NAMES: Final = ("certificate_file", "ca_file", "client_ca_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A file of certificates: the end of ours (the first), of authorities the end of the last that ends; None: it cannot be read."""

    path: Path
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """All files that the configuration names."""

    files: Sequence[Certificate]
    now: datetime


async def certificates(box: Box) -> Certificates | None:
    """Return the certificates that the configuration names; None where there is none."""
    files = dict.fromkeys(named(box.settings))
    return Certificates(files=await apart(_read_all, files), now=box.now) if files else None


def _read_all(files: Iterable[tuple[Path, str]]) -> Sequence[Certificate]:
    return [read(path, name) for path, name in files]


def named(value: Any) -> Iterator[tuple[Path, str]]:
    """Yield each file of certificates that settings name, with the key that names it."""
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            inner = getattr(value, one.name, None)
            if one.name in NAMES and isinstance(inner, Path):
                yield inner, one.name
            else:
                yield from named(inner)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from named(one)


def read(path: Path, name: str) -> Certificate:
    """Return until when a file's certificates are valid; PermissionError where it is another user's."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except PermissionError:
        raise
    except (OSError, ValueError):
        return Certificate(path=path, ends=None)
    ends = [one.not_valid_after_utc for one in found]
    return Certificate(path=path, ends=ends[0] if name == "certificate_file" else max(ends))


def judge(facts: Certificates) -> Iterator[Seen]:
    """Judge until when they are valid."""
    for one in facts.files:
        keys = {"path": one.path}
        if one.ends is None:
            yield Seen("it cannot be read", UNREADABLE, str(one.path), keys)
        elif one.ends <= facts.now:
            yield Seen(f"it ended {one.ends.date()}", EXPIRED, str(one.path), keys)
        elif (days := (one.ends - facts.now).days) < SOON_DAYS:
            yield Seen(f"it ends in {days} days, {one.ends.date()}", SOON, str(one.path), keys)
        else:
            yield Seen(f"{one.path.name}: until {one.ends.date()}")


CHECKS: Final = (
    Check(
        id="tls.own",
        looks="certificates on this box that the configuration names: ours, and authorities'",
        probe=certificates,
        judge=judge,
        ills=(EXPIRED, SOON, UNREADABLE),
    ),
)
