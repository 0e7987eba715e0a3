"""The address of a platform: a URL that a person wrote, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORT: Final = {"mqtt": 1883, "mqtts": 8883, "http": 80, "https": 443}
OTHER_NAMES: Final = {"tcp": "mqtt", "ssl": "mqtts", "tls": "mqtts", "mqtt+ssl": "mqtts"}  # of other clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a platform listens. ``path`` is what stands before each HTTP request's target; "" for MQTT."""

    scheme: str  # one of DEFAULT_PORT
    host: str  # a name or an address; IPv6 without brackets
    port: int
    path: str = ""  # begins with "/", ends without

    @property
    def secure(self) -> bool:
        """Tell whether TLS is spoken."""
        return self.scheme.endswith("s")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORT[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def endpoint(url: str) -> Endpoint:
    """Take ``url`` apart; ValueError says what is wrong with it and what would be right, and repeats no password."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"this is no URL ({error}); mqtts://broker.example:8883 is one") from error
    if "@" in parts.netloc:
        raise ValueError("a URL is shown to people, so no user and password in it: they have fields of their own")
    _refuse_scheme(url, parts)
    if not host or any(character.isspace() for character in host):
        raise ValueError(f"{url!r} names no host; {parts.scheme}://broker.example is right")
    if port == 0:
        raise ValueError(f"{url!r}: port 0 is none of 1 to 65535; without a port it is {DEFAULT_PORT[parts.scheme]}")
    return Endpoint(
        scheme=parts.scheme, host=host, port=port or DEFAULT_PORT[parts.scheme], path=_path(url, parts).rstrip("/")
    )


def _refuse_scheme(url: str, parts: SplitResult) -> None:
    if parts.scheme in DEFAULT_PORT and parts.netloc:
        return
    known = ", ".join(f"{scheme}://" for scheme in DEFAULT_PORT)
    meant = OTHER_NAMES.get(parts.scheme)
    hint = f"; {parts.scheme}:// is called {meant}:// here" if meant else ""
    raise ValueError(f"{url!r} is none of {known}{hint}")


def _path(url: str, parts: SplitResult) -> str:
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r}: nothing may follow the path; ? and # belong to single requests")
    if parts.scheme.startswith("mqtt") and parts.path not in {"", "/"}:
        raise ValueError(f"{url!r}: a broker has no path; topics are set in the format ({parts.path!r} is too much)")
    return parts.path
