"""`type = "the_things_stack"`: a Things Stack v3 in front, whose application's messages come over MQTT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.server_keys import ServerBrokerKeys
from gateway.config.values import Shown
from gateway.sources.settings import TheThingsStackSettings

ID = r"[a-z0-9](?:-?[a-z0-9]){1,35}"  # identifiers.proto of the stack


def _application(text: str) -> str:
    if re.fullmatch(rf"{ID}(@{ID})?", text) is None:
        raise ValueError(
            f"{text!r} is no application: its id, and the tenant behind an @, such as 'my-app@ttn'; as the console shows them at"
            " Integrations, MQTT, Username"
        )
    return text


class TheThingsStackKeys(ServerBrokerKeys):
    """A Things Stack v3 in front: its application's uplinks over MQTT, decoded and kept here, and downlinks back to it."""

    type: Annotated[Literal["the_things_stack"], Shown('"the_things_stack"')] = Field(
        description="what kind of source it is"
    )
    mqtt_version: Annotated[Literal["5", "3.1.1"], Shown('"5" or "3.1.1" in quotes')] = Field(
        default="3.1.1", description="the stack's own server speaks 3.1.1 and nothing else"
    )
    application: Annotated[str, AfterValidator(_application), Shown('an application such as "my-app@ttn"')] = Field(
        description="the application, with its tenant behind an @: the same as the user name"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what contradicts itself."""
        yield from super().problems()
        if self.username is not None and self.username != self.application:
            yield (
                "username",
                f"{self.username!r} is another application than {self.application!r}: the stack lets nobody read so",
            )

    def settings(self) -> TheThingsStackSettings:
        """Return what the source is made of."""
        return TheThingsStackSettings(
            name=self.name,
            broker=self.kept_broker(),
            client_id=self.client_id,
            application=self.application,
            decode=self.how(),
        )
