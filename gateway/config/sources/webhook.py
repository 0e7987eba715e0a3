"""`type = "webhook"`: an endpoint that a network server pushes its events to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.keys import Listens, SourceKeys
from gateway.config.sources.server_keys import DECODE, DecodeKey
from gateway.config.values import OptionalFile, Port, SecretFile, Shown, Text, Written
from gateway.errors import ConfigError
from gateway.sources.network_server.decode import Decode, ServerKind
from gateway.sources.settings import WebhookSettings
from gateway.sources.web_tls import ServerTls, server_context
from gateway.transports.secret import Secret

SHORTEST_TOKEN: Final = 16  # characters: whoever has it puts readings into a city's record


def _path(text: str) -> str:
    if re.fullmatch(r"(/[0-9A-Za-z._~-]+)+/?", text) is None:
        raise ValueError(f"{text!r} is no path; '/uplinks' is one")
    return text


class WebhookKeys(SourceKeys):
    """An endpoint that a network server pushes its events to, by HTTP and with a token: Netmore, ThingPark, ChirpStack, The Things Stack."""

    type: Annotated[Literal["webhook"], Shown('"webhook"')] = Field(description="what kind of source it is")
    server: Annotated[
        Literal["netmore", "actility", "chirpstack", "the_things_stack"],
        Shown('"netmore", "actility", "chirpstack" or "the_things_stack"'),
    ] = Field(description="whose events are pushed")
    host: Text = Field(
        default="127.0.0.1",
        description="the address to listen on; `0.0.0.0` where the server reaches this box directly and there is a certificate",
    )
    port: Port = Field(default=8090, description="the TCP port")
    path: Annotated[str, AfterValidator(_path), Shown("a path such as /uplinks")] = Field(
        default="/uplinks", description="what stands behind host and port in the address that the server pushes to"
    )
    token: Written = Field(
        default=None,
        description="what every push must bring, as `Authorization: Bearer TOKEN` or as `?token=TOKEN` behind the path; better in a file",
    )
    token_file: SecretFile = Field(default=None, description="the same, from a file of one line")
    certificate_file: OptionalFile = Field(
        default=None,
        description="this box's certificate and its chain, PEM; with it the address begins with `https://`",
    )
    key_file: OptionalFile = Field(
        default=None, description="the certificate's private key, PEM; without it the key is in `certificate_file`"
    )
    decode: DecodeKey = Field(default="auto", description=DECODE)

    def listens(self) -> Listens:
        """Return the port."""
        return Listens("TCP", self.host, self.port)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what cannot be together."""
        token = self.token or self.token_file
        if self.token is not None and self.token_file is not None:
            yield "token_file", "token is given, too; leave one of them out"
        elif token is None:
            yield "token", "is missing: whoever reaches the port could push readings; `openssl rand -hex 24` makes one"
        elif len(token.reveal()) < SHORTEST_TOKEN:
            yield "token", f"has less than {SHORTEST_TOKEN} characters; `openssl rand -hex 24` makes a good one"
        if self.key_file is not None and self.certificate_file is None:
            yield "certificate_file", "is missing; key_file belongs to it"
        elif (tls := self._tls()) is not None:
            try:
                server_context(tls)
            except ConfigError as error:
                yield "certificate_file", str(error)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield what works and is unwise."""
        is_local = self.host.startswith("127.") or self.host in {"localhost", "::1"}
        if self.certificate_file is None and not is_local:
            yield (
                "certificate_file",
                "there is none, and the token comes over the network in the clear; give one, or a proxy before it",
            )

    def settings(self) -> WebhookSettings:
        """Return what the source is made of."""
        return WebhookSettings(
            name=self.name,
            host=self.host,
            port=self.port,
            path=self.path,
            server=ServerKind(self.server),
            token=self.token or self.token_file or Secret("-"),  # a missing one is a problem, told above
            tls=self._tls(),
            decode=Decode(self.decode),
        )

    def _tls(self) -> ServerTls | None:
        if self.certificate_file is None:
            return None
        return ServerTls(certificate_file=Path(self.certificate_file), key_file=self.key_file)
