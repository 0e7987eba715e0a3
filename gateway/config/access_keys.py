"""`[network_access]`: what lies between this box and all whom it reaches; and the key `proxy` of single ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.config.section_keys import Keys
from gateway.config.values import AuthorityFile, OptionalText, SecretFile, Shown
from gateway.transports.proxy import DEFAULT_PORT, Proxy

NONE: Final = "none"
ENVIRONMENT: Final = "environment"
EXAMPLE: Final = "http://proxy.example:3128"


def proxy_of(text: str) -> Proxy:
    """Return the proxy that a URL names; ValueError says what would be right, and repeats no password."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError(f"this is no URL of a proxy ({error}); {EXAMPLE!r} is one") from error
    if "@" in parts.netloc:
        raise ValueError(
            "a URL is shown to people, so no user and password in it: network_access has proxy_username and proxy_password_file"
        )
    if parts.scheme == "https":
        raise ValueError(
            f"{text!r}: the proxy itself is spoken to by http://, what goes through it is encrypted nevertheless"
        )
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query or port == 0:
        raise ValueError(f"{text!r} is no proxy; {EXAMPLE!r}, 'environment' or 'none' is right (SOCKS is not spoken)")
    return Proxy(host=parts.hostname, port=port or DEFAULT_PORT)


def _proxy(text: str | None) -> str | None:
    if text not in {None, NONE, ENVIRONMENT}:
        proxy_of(str(text))
    return text


ProxyWish = Annotated[
    str | None,
    AfterValidator(_proxy),
    Shown(f'a proxy such as "{EXAMPLE}", "environment" or "none"'),
]
PROXY_WORDS: Final = (
    f"an HTTP proxy on the way there, such as `{EXAMPLE}`; `environment` is the one that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name,"
    " `none` the direct way; without this key it is as `[network_access]` says"
)


class NetworkAccessKeys(Keys):
    """What lies between this box and the platforms, brokers and servers that it reaches: a proxy, and whose certificates are believed."""

    proxy: ProxyWish = Field(
        default=None,
        description=f"an HTTP proxy for all that is reached over TCP, such as `{EXAMPLE}`: destinations, sources behind a broker, relays by"
        " WebSocket, a fleet's file; it has to let CONNECT through to their ports. `environment` is the one that HTTPS_PROXY, HTTP_PROXY and"
        " NO_PROXY name. Without it the way is direct, whatever the environment says; this machine itself is always reached directly",
    )
    proxy_username: OptionalText = Field(default=None, description="who we are at that proxy, where it asks")
    proxy_password_file: SecretFile = Field(default=None, description="the password beside it, out of a file")
    no_proxy: Annotated[list[str], Shown("a list of hosts", item="a text")] = Field(
        default=[],
        description='who is reached directly: a host (`"broker.local"`), a domain with all in it (`".city.example"`), or a network'
        ' (`"10.0.0.0/8"`)',
    )
    ca_file: AuthorityFile = Field(
        default=None,
        description="an authority that is believed beside the system's, PEM: a city's own, or that of a proxy which opens what goes through"
        " it. Where a `tls.ca_file` stands, that alone is believed",
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield key and words of what contradicts itself."""
        if self.proxy_username is None and self.proxy_password_file is not None:
            yield "proxy_username", "is missing; proxy_password_file belongs to it"
        if self.proxy_username is not None and (self.proxy is None or self.proxy in {NONE, ENVIRONMENT}):
            yield "proxy", f"is missing; proxy_username belongs to one such as {EXAMPLE!r}"
        if ":" in (self.proxy_username or ""):
            yield "proxy_username", "has a colon in it, which HTTP Basic cannot say (RFC 7617)"
