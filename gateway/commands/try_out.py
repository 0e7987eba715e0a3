"""Decode a payload on the spot, as `brygga decode` and later the dashboard show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from decoders.contract import Decoded, DecodeError, Decoder
from decoders.registry import Registry
from gateway.codecs import Codecs
from gateway.errors import ConfigError
from gateway.model import Device, Eui64, Instant, Json, TimeQuality, Uplink
from gateway.normalise import normalise

NOBODY = Eui64("0" * 16)


async def decode(registry: Registry, name: str, port: int, text: str) -> Mapping[str, Json]:
    """Return readings in the vocabulary's units, raw fields and warnings, or ``{"error": words}``.

    Raises ConfigError for what the person typed wrong: an unknown decoder, a port, characters that are no hex.
    """
    return await decode_octets(registry, name, port, _octets(text), datetime.now(UTC))


async def decode_octets(
    registry: Registry, name: str, port: int, octets: bytes, received_at: datetime
) -> Mapping[str, Json]:
    """Return what `decode` returns, of octets received at ``received_at``; raises ConfigError likewise."""
    uplink = _uplink(octets, _port(port), received_at)
    decoder = _find(registry, name)
    device = Device(dev_eui=NOBODY, decoder=name)
    (outcome,) = await Codecs(registry.get).decode([(uplink, device)])
    if isinstance(outcome, DecodeError):
        return {"error": f"{name} cannot read this: {outcome}"}
    return _in_words(uplink, device, outcome, decoder.revision)


def _in_words(uplink: Uplink, device: Device, decoded: Decoded, revision: str) -> Mapping[str, Json]:
    normalised = normalise(uplink, device, decoded, revision)
    return {
        "readings": [
            {
                "quantity": one.quantity,
                "value": one.value,
                "unit": one.unit,
                "channel": one.channel,
                "at": None if one.observed_at == uplink.heard_at.utc else one.observed_at.isoformat(),
                "plausibility": str(one.plausibility),
            }
            for one in normalised.observations
        ],
        "fields": dict(decoded.fields),
        "warnings": [*decoded.warnings, *normalised.problems],
    }


def _find(registry: Registry, name: str) -> Decoder:
    try:
        return registry.get(name)
    except (LookupError, ValueError) as error:
        raise ConfigError(str(error)) from error


def _octets(text: str) -> bytes:
    plain = "".join(text.split()).removeprefix("0x")
    try:
        return bytes.fromhex(plain)
    except ValueError as error:
        raise ConfigError(f"payload {text!r}: not an even number of hex digits") from error


def _port(port: int) -> int:
    if not 1 <= port <= 255:
        raise ConfigError(f"--port {port}: an application's FPort is 1 to 255")
    return port


def _uplink(payload: bytes, port: int, now: datetime) -> Uplink:
    return Uplink(
        id=UUID(int=0),
        dev_eui=NOBODY,
        activation="",
        f_cnt=0,
        f_port=port,
        payload=payload,
        confirmed=False,
        adr=False,
        receptions=(),
        heard_at=Instant(now, 0.0, "", TimeQuality.NTP),
    )
