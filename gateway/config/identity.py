"""Who a destination's platform wants its client to be, and what that leaves for a person to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from gateway.config.keys import DestinationKeys
from gateway.config.reading import Section
from gateway.formats import Identity, Known, catalogue
from gateway.transports.shared_access import SharedAccess

NO_CARE = Identity()


def identity_of(keys: DestinationKeys) -> Identity:
    """Return what the platform wants; of a format that is wrong, nothing: that is another problem's line."""
    try:
        made = catalogue.make(keys.format, keys.options)
    except (ValueError, TypeError, AttributeError):  # the latter two of options that are of another type
        return NO_CARE
    return made.identity(keys.url.host) if isinstance(made, Known) else NO_CARE


def shared_access(keys: DestinationKeys) -> SharedAccess | None:
    """Return what makes the passwords, where a shared access key is given; ValueError when it is no base64."""
    resource = identity_of(keys).resource
    if keys.sas_key_file is None or resource is None:
        return None
    return SharedAccess(key=keys.sas_key_file, resource=resource)


def problems(section: Section) -> Iterator[tuple[str, str]]:
    """Yield what does not go together with the platform's own names and credentials."""
    keys = cast("DestinationKeys", section.keys)
    identity, given = identity_of(keys), section.given
    if identity.client_id is not None and "client_id" in given:
        yield "client_id", f"{keys.format} makes it of its options: {identity.client_id!r}; leave it out"
    if identity.username is not None:
        for key in sorted(given & {"username", "password", "password_file"}):
            yield key, f"{keys.format} makes it of its options and sas_key_file; leave it out"
    if identity.mqtt_version is not None and "mqtt_version" in given and keys.mqtt_version != identity.mqtt_version:
        yield (
            "mqtt_version",
            f"{keys.mqtt_version!r} is not spoken by {keys.format}; {identity.mqtt_version!r} is, and the default",
        )
    if identity.resource is not None and "status_topic" in given:
        yield "status_topic", f"{keys.format} knows no topics but its own; leave it out"
    yield from _credentials(keys, identity)


def _credentials(keys: DestinationKeys, identity: Identity) -> Iterator[tuple[str, str]]:
    certificate = keys.tls.certificate_file is not None
    if identity.resource is None:
        if keys.sas_key_file is not None:
            yield "sas_key_file", f"{keys.format} knows no shared access keys; azure_iot does"
    elif keys.sas_key_file is None and not certificate:
        yield (
            "sas_key_file",
            "is missing; the device's shared access key, or tls.certificate_file with its X.509 certificate",
        )
    elif keys.sas_key_file is not None and certificate:
        yield "sas_key_file", "stands beside tls.certificate_file; a device has one of the two"
    try:
        shared_access(keys)
    except ValueError as error:
        yield "sas_key_file", str(error)
