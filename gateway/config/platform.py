"""The way to a platform, of a destination's keys: the broker or the service, who we are there, and where commands come from."""

from __future__ import annotations

import re

from gateway.config.identity import identity_of, shared_access
from gateway.config.keys import DestinationKeys
from gateway.config.manner import keep_alive_s
from gateway.config.settings import CommandsSettings
from gateway.formats import Shape
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.service import ApiKey, Basic, Bearer, Login, Service
from gateway.transports.tls import Tls


def speaks_mqtt(keys: DestinationKeys) -> bool:
    """Tell which of the two protocols the URL names."""
    return keys.url.scheme.startswith("mqtt")


def platform(keys: DestinationKeys, gateway_name: str) -> Broker | Service:
    """Return the broker or the service that the URL names."""
    return _broker(keys, gateway_name) if speaks_mqtt(keys) else _service(keys)


def journal_name(keys: DestinationKeys) -> str:
    """Return what the journal knows a destination by: with another city it is another one."""
    return keys.name if keys.city is None else f"{keys.name}@{keys.city}"


def commands_settings(keys: DestinationKeys, gateway_name: str) -> CommandsSettings | None:
    """Return where commands come from and their states go; None where none are taken."""
    topic, state_topic = _command_topics(keys)
    if topic is None or state_topic is None:
        return None
    return CommandsSettings(
        topic=_of_gateway(topic, gateway_name),
        state_topic=_of_gateway(state_topic, gateway_name),
        shape=Shape(keys.commands.shape),
    )


def _command_topics(keys: DestinationKeys) -> tuple[str | None, str | None]:
    """Return where commands come from and their states go: as written, else the platform's own where any are wanted."""
    commands = keys.commands
    if not commands.model_fields_set:
        return None, None
    own = identity_of(keys)
    return commands.topic or own.commands_topic, commands.state_topic or own.states_topic


def _of_gateway(topic: str, gateway_name: str) -> str:
    """Put the gateway's name into a topic, as one level of it."""
    return topic.replace("{gateway}", re.sub(r"[+#/]", "-", gateway_name))


def client_id(keys: DestinationKeys, gateway_name: str) -> str:
    """Return the configured client id, or one that stays the same over restarts and differs between gateways."""
    return (
        keys.client_id
        or identity_of(keys).client_id
        or re.sub(r"[^0-9A-Za-z_-]", "-", f"brygga-{gateway_name}-{journal_name(keys)}")
    )


def _broker(keys: DestinationKeys, gateway_name: str) -> Broker:
    own, (commands_topic, _) = identity_of(keys), _command_topics(keys)
    return Broker(
        endpoint=keys.url,
        client_id=client_id(keys, gateway_name),
        version=MqttVersion(own.mqtt_version or keys.mqtt_version),
        username=own.username or keys.username,
        password=keys.password or keys.password_file,
        shared_access=shared_access(keys),
        tls=_believed(keys),
        window=keys.window,
        keepalive_s=keep_alive_s(keys),
        status_topic=keys.status_topic,
        listen_topic=None if commands_topic is None else _of_gateway(commands_topic, gateway_name),
    )


def _service(keys: DestinationKeys) -> Service:
    return Service(
        endpoint=keys.url,
        login=_login(keys),
        headers=keys.headers,
        tls=_believed(keys),
        concurrency=keys.concurrency,
        connect_limit_s=keys.connect_limit_s,
        total_limit_s=keys.total_limit_s,
        gzip=keys.gzip or keys.link == "metered",
    )


def _login(keys: DestinationKeys) -> Login | None:
    if (token := keys.token or keys.token_file) is not None:
        return Bearer(token)
    if keys.api_key_header is not None and keys.api_key_file is not None:
        return ApiKey(keys.api_key_header, keys.api_key_file)
    if keys.username is not None and (password := keys.password or keys.password_file) is not None:
        return Basic(keys.username, password)
    return None


def _believed(keys: DestinationKeys) -> Tls:
    return Tls(**dict(keys.tls))
