"""A destination's section: what its keys must be to each other, and the settings made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from gateway.config import identity
from gateway.config.identity import identity_of
from gateway.config.keys import HTTP_ONLY, MQTT_ONLY, DestinationKeys
from gateway.config.manner import backlog_per_s, digest, gather_s, is_strict, memory_of
from gateway.config.platform import commands_settings, journal_name, platform, speaks_mqtt
from gateway.config.reading import Check, Section, Table, did_you_mean, hint_in_words, shown_value
from gateway.config.settings import DestinationSettings, Selection
from gateway.errors import ConfigError
from gateway.formats import catalogue
from gateway.model import Eui64, Json
from gateway.transports import tls
from gateway.transports.broker import is_for
from gateway.transports.tls import Tls

Problems = Iterator[tuple[str, str]]
OWN_SHAPES: Final[Mapping[str, str]] = {
    "thingsboard": "thingsboard",
    "azure": "azure_iot",
}  # their topics are the platform's


def keys_of(section: Section) -> DestinationKeys:
    """Return the section's keys by their type."""
    return cast("DestinationKeys", section.keys)


# ── what keys must be to each other ──


def _format(section: Section) -> Problems:
    keys = keys_of(section)
    if keys.format not in catalogue.FORMATS:
        yield "format", f"{keys.format!r} is no format{did_you_mean(keys.format, catalogue.FORMATS)}"
        return
    problems = list(_option_types(keys.format, keys.options))
    yield from problems or _options(keys.format, keys.options)


def _option_types(name: str, options: Table) -> Problems:
    hints = get_type_hints(catalogue.FORMATS[name].__init__)
    known = catalogue.options_of(name)
    for option, value in options.items():
        if option not in known:
            yield f"options.{option}", f"{name} has no such option{did_you_mean(option, known)}"
        elif not _is(hints[option], value):
            yield f"options.{option}", f"{shown_value(value)} where {hint_in_words(hints[option])} is expected"


def _is(hint: Any, value: Json) -> bool:
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _options(name: str, options: Table) -> Problems:
    try:
        catalogue.make(name, options)
    except ValueError as error:
        option, found, words = str(error).partition(": ")
        yield (
            (f"options.{option}", words) if found and option in catalogue.options_of(name) else ("options", str(error))
        )


def _format_fits(section: Section) -> Problems:
    keys = keys_of(section)
    if keys.format in catalogue.FORMATS:
        words = catalogue.misfit(keys.format, keys.options, keys.url.scheme)
        if words:
            yield "format", words


def _uncertain_time(section: Section) -> Problems:
    keys = keys_of(section)
    known = keys.format in catalogue.FORMATS
    if keys.uncertain_time and known and not catalogue.says_time_quality(keys.format, keys.options):
        words = f"{keys.format} has no word for it, and a time that is a guess would stand there as a true one; leave it out"
        yield (
            "uncertain_time",
            f"{words}: what has no time is held, and `brygga dead-letters list` says between which times it was",
        )


def _protocol(section: Section) -> Problems:
    mqtt = speaks_mqtt(keys_of(section))
    other = "HTTP" if mqtt else "MQTT"
    for key in HTTP_ONLY if mqtt else MQTT_ONLY:
        if key in section.given:
            yield key, f"belongs to {other}, and the URL begins with {keys_of(section).url.scheme}://"


def _twice(section: Section) -> Problems:
    for key in ("password", "token"):
        if {key, f"{key}_file"} <= section.given:
            yield key, f"stands beside {key}_file; one of the two is enough"


def _user(section: Section) -> Problems:
    password = section.given & {"password", "password_file"}
    if password and "username" not in section.given:
        yield "username", "is missing; a password needs it"
    if "username" in section.given and not password and not speaks_mqtt(keys_of(section)):
        yield "password_file", "is missing; HTTP Basic needs it beside username"
    if ":" in (keys_of(section).username or "") and not speaks_mqtt(keys_of(section)):
        yield "username", "has a colon in it, which HTTP Basic cannot say (RFC 7617)"


def _api_key(section: Section) -> Problems:
    for key, other in (("api_key_header", "api_key_file"), ("api_key_file", "api_key_header")):
        if key in section.given and other not in section.given:
            yield other, f"is missing; it belongs to {key}"


def _one_login(section: Section) -> Problems:
    logins = [name for name in ("username", "token", "token_file", "api_key_file") if name in section.given]
    if len(logins) > 1 and set(logins) != {"token", "token_file"}:
        yield logins[1], f"stands beside {logins[0]}; a platform is shown one credential"


def _tls(section: Section) -> Problems:
    keys = keys_of(section)
    if "tls" not in section.given:
        return
    if not keys.url.secure:
        yield "tls", f"has no effect on {keys.url.scheme}://; {keys.url.scheme}s:// is encrypted"
    if keys.tls.key_file is not None and keys.tls.certificate_file is None:
        yield "tls.certificate_file", "is missing; key_file belongs to it"
    elif keys.tls.certificate_file is not None:
        try:
            tls.context(Tls(certificate_file=keys.tls.certificate_file, key_file=keys.tls.key_file))
        except ConfigError as error:
            yield "tls.certificate_file", "; ".join(error.problems)


def _limits(section: Section) -> Problems:
    keys = keys_of(section)
    if keys.connect_limit_s >= keys.total_limit_s:
        yield "connect_limit_s", f"{keys.connect_limit_s:g} is not less than total_limit_s, {keys.total_limit_s:g}"


def _commands(section: Section) -> Problems:
    commands = keys_of(section).commands
    if "commands" not in section.given or section.table["commands"] == {}:
        return
    own = identity_of(keys_of(section))
    for key, value, usual in (
        ("topic", commands.topic, own.commands_topic),
        ("state_topic", commands.state_topic, own.states_topic),
    ):
        if value is None and usual is None:
            yield f"commands.{key}", "is missing; commands need topic and state_topic"
    owner = OWN_SHAPES.get(commands.shape)
    if owner is not None and owner != keys_of(section).format:
        yield (
            "commands.shape",
            f"{commands.shape!r} is how {owner} commands, and the format is {keys_of(section).format}",
        )
    shares = commands.shape == "thingsboard"  # requests and answers have one topic there, and neither is echoed
    if commands.topic and commands.state_topic and not shares and is_for(commands.topic, commands.state_topic):
        yield (
            "commands.state_topic",
            f"{commands.state_topic!r} is among what comes in on {commands.topic!r}; it needs its own",
        )


def _share(section: Section) -> Problems:
    yield from ((f"share.{key}", words) for key, words in keys_of(section).share.problems())


def _before(section: Section) -> Problems:
    keys = keys_of(section)
    if keys.before and keys.city is None:
        yield (
            "before",
            "is where a destination was that has a city now; without `city` its keys stand in the section itself",
        )


CHECKS: Final[Mapping[tuple[str, ...], Check]] = {
    ("format", "options"): _format,
    ("url", "format", "options"): _format_fits,
    ("format", "options", "uncertain_time"): _uncertain_time,
    ("url",): _protocol,
    (): _twice,
    ("url", "username"): _user,
    ("api_key_file", "api_key_header"): _api_key,
    ("username", "token"): _one_login,
    ("url", "tls"): _tls,
    ("commands",): _commands,
    ("url", "format", "options", "tls"): identity.problems,
    ("connect_limit_s", "total_limit_s"): _limits,
    ("share",): _share,
    ("city", "before"): _before,
}


# ── what comes of it ──


def destination_settings(keys: DestinationKeys, gateway_name: str) -> DestinationSettings:
    """Return the settings of a destination whose keys are all right."""
    return DestinationSettings(
        name=journal_name(keys),
        format=catalogue.make(keys.format, keys.options),
        platform=platform(keys, gateway_name),
        selection=Selection(tags=frozenset(keys.tags), dev_euis=frozenset(map(Eui64, keys.dev_euis))),
        begin=keys.begin,
        batch=keys.batch,
        retry_max_s=keys.retry_max_s,
        commands=commands_settings(keys, gateway_name),
        share=keys.share.settings(),
        strict=is_strict(keys),
        backlog_per_s=backlog_per_s(keys),
        give_up=keys.give_up,
        uncertain_time=keys.uncertain_time,
        side_by_side=keys.window if speaks_mqtt(keys) else keys.concurrency,
        gather_s=gather_s(keys),
        newest_only=catalogue.is_strict(keys.format, keys.options),
        words=digest(keys),
        memory_of=memory_of(keys),
    )
