"""`type = "chirpstack"`: a ChirpStack v4 in front, whose application events come over MQTT."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.server_keys import ServerBrokerKeys
from gateway.config.values import Shown
from gateway.sources.settings import ChirpstackSettings

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _application(text: str) -> str:
    if text != "+" and re.fullmatch(UUID, text) is None:
        raise ValueError(
            f"{text!r} is no application's id: ChirpStack shows it beside the application's name, such as"
            " 'ca739e26-7b67-4f14-b69e-d568c22a5a75'; '+' is all of them"
        )
    return text


class ChirpstackKeys(ServerBrokerKeys):
    """A ChirpStack v4 in front: its application events over MQTT, decoded and kept here, and downlinks back to it."""

    type: Annotated[Literal["chirpstack"], Shown('"chirpstack"')] = Field(description="what kind of source it is")
    application: Annotated[str, AfterValidator(_application), Shown('the id of an application, or "+"')] = Field(
        default="+",
        description="whose devices are heard: an application's id, or `+` for all that the broker lets this user read",
    )
    encoding: Annotated[Literal["json", "protobuf"], Shown('"json" or "protobuf"')] = Field(
        default="json",
        description="`json` where its configuration says `json = true` in `[integration.mqtt]`, as it does by default; `protobuf` needs"
        " `brygga[chirpstack]`",
    )

    def settings(self) -> ChirpstackSettings:
        """Return what the source is made of."""
        return ChirpstackSettings(
            name=self.name,
            broker=self.kept_broker(),
            client_id=self.client_id,
            application=self.application,
            decode=self.how(),
            is_json=self.encoding == "json",
        )
