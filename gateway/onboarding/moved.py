"""What a file of another network yields, and what a box must add that no such file says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.journal import Registration
from gateway.model import Activation, DevAddr, Eui64, MacVersion, RootKeys, Session, SessionKeys

FINGERPRINT: Final = b"brygga moved session 1\0"  # parts this use of the digest from every other
MOVED: Final = "moved-"
JOIN_NONCE_GROWS: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})  # devices of these check it


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What holds where the devices arrive and no export says: the region's second window, the decoders there are."""

    rx2_data_rate: int = 0
    rx2_frequency_hz: int = 869_525_000
    decoders: frozenset[str] = frozenset()  # "vendor/model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonces:
    """What an OTAA device remembers of its joins elsewhere: a smaller JoinNonce it refuses, an old DevNonce is a replay."""

    dev_eui: Eui64
    join_nonce: int | None = None  # the next to use here; None: not known
    dev_nonces: frozenset[int] = frozenset()


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


def moved_activation(dev_eui: Eui64, dev_addr: DevAddr, keys: SessionKeys) -> str:
    """Return the name of an OTAA session that began in another network: ``"<DevAddr>-moved-<16 hex digits>"``.

    The digits are a digest of the device and its session keys. So a second import of the same session has the same
    name (and its uplinks the same ids), one after a rejoin another, for each join derives new keys; and none can be
    that of a join here, which ends in its JoinNonce, nor of an ABP session. A digest of 512 bits of key tells no key.
    """
    digest = hashlib.sha256(FINGERPRINT + bytes.fromhex(dev_eui + dev_addr))
    for key in (keys.f_nwk_s_int_key, keys.s_nwk_s_int_key, keys.nwk_s_enc_key, keys.app_s_key):
        digest.update(key.reveal())
    return f"{dev_addr}-{MOVED}{digest.hexdigest()[:16]}"


def is_moved(session: Session) -> bool:
    """Tell whether a session is an OTAA session that began in another network."""
    return session.activation.startswith(f"{session.dev_addr}-{MOVED}")


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
