"""What a file of another network yields, and what a box must add that no such file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.journal import Nonces, Registration
from gateway.model import Activation, MacVersion, RootKeys, Session

JOIN_NONCE_GROWS: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})  # devices of these check it


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What holds where the devices arrive and no export says: the region's second window, the decoders there are."""

    rx2_data_rate: int = 0
    rx2_frequency_hz: int = 869_525_000
    decoders: frozenset[str] = frozenset()  # "vendor/model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The devices of a file. With ``problems`` it is not to be imported; ``remarks`` are what a person should know."""

    registrations: tuple[Registration, ...] = ()
    nonces: tuple[Nonces, ...] = ()
    problems: tuple[str, ...] = ()  # "<file>: <path>: <words>"
    remarks: tuple[str, ...] = ()


def moved(
    name: str,
    registrations: Iterable[Registration],
    problems: Iterable[str],
    remarks: Iterable[str],
    nonces: Iterable[Nonces] = (),
) -> Moved:
    """Return what file ``name`` holds: each problem and remark once, and where it stands."""
    return Moved(
        registrations=tuple(registrations),
        nonces=tuple(nonces),
        problems=tuple(f"{name}: {problem}" for problem in dict.fromkeys(problems)),
        remarks=tuple(f"{name}: {remark}" for remark in dict.fromkeys(remarks)),
    )


def shared_counter(session: Session) -> Session:
    """Return a session whose downlink counter lies above all that its network used.

    LoRaWAN 1.0.x has one downlink counter; network servers still show two, and either may be the one in use.
    """
    if session.mac_version is MacVersion.V1_1:
        return session
    return replace(session, n_f_cnt_down=max(session.n_f_cnt_down, session.a_f_cnt_down), a_f_cnt_down=0)


def lacking(registration: Registration) -> list[str]:
    """Return, for the person who imports it, what a device cannot do for want of keys."""
    dev_eui, session = registration.device.dev_eui, registration.session
    if registration.root_keys != RootKeys() or registration.device.activation is Activation.ABP:
        return []
    if session is None:
        return [f"{dev_eui}: no keys: it can neither join nor be decrypted here until they are added"]
    return [f"{dev_eui}: no root keys: its session goes on here, but it cannot join anew until they are added"]


def join_nonce_unknown(registration: Registration) -> list[str]:
    """Return what may happen when a device joins here whose last JoinNonce elsewhere no file tells."""
    device = registration.device
    if device.mac_version not in JOIN_NONCE_GROWS or registration.root_keys == RootKeys():
        return []
    return [
        f"{device.dev_eui}: its last JoinNonce is not known: joining anew, it refuses answers until ours is greater"
    ]


def tags_of(words: Mapping[str, str]) -> frozenset[str]:
    """Return named tags as ours: ``{"site": "Stora torget", "indoor": ""}`` are "site=Stora-torget" and "indoor"."""
    pairs = (f"{name}={value}" if value else name for name, value in words.items())
    return frozenset("-".join(pair.replace(",", " ").replace(";", " ").split()) for pair in pairs if pair.strip())


def words_of(tags: Iterable[str]) -> dict[str, str]:
    """Return our tags as named ones, in order."""
    return {name: value for name, _, value in (tag.partition("=") for tag in sorted(tags))}
