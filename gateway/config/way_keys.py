"""The keys of the way to a platform: whom to believe there, and what it may ask for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import AuthorityFile, OptionalFile, Shown, Topic, TopicFilter, Truth


class TlsKeys(Keys):
    """Whom to believe, and who we are; for mqtts:// and https://."""

    ca_file: AuthorityFile = Field(default=None, description="the authority to believe; without it the system's are")
    certificate_file: OptionalFile = Field(default=None, description="our certificate with its chain, PEM")
    key_file: OptionalFile = Field(default=None, description="its private key, PEM, if it is not in the same file")
    insecure: Truth = Field(default=False, description="believe anybody; for a try in a closed network only")


class CommandsKeys(Keys):
    """Downlinks that a city's platform asks for over MQTT; `{gateway}` in a topic is the gateway's name."""

    topic: TopicFilter = Field(default=None, description="where its commands come from; without it none are taken")
    state_topic: Topic = Field(default=None, description="where each new state of what it asked for goes")
    shape: Annotated[
        Literal["brygga", "chirpstack", "the_things_stack", "thingsboard", "azure"],
        Shown('"brygga", "chirpstack", "the_things_stack", "thingsboard" or "azure"'),
    ] = Field(default="brygga", description="in whose words it commands")
