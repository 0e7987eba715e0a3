"""Tables, the other way round: what a device is told, by its commands (``downlink_commands``) or by its fields.

A table with ``direction: downlink`` or ``bidirectional`` takes the values of its fields and says them as it would read
them; one with ``downlink_commands`` takes a command by its name, or by the names of its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.commands import did_you_mean
from decoders.contract import Command, Encoded, EncodeError, EncodeReason
from decoders.payload_schema import document
from decoders.payload_schema.encoding_fields import Fields, names_of, needs_of, refuse_strangers, say_all
from decoders.payload_schema.encoding_message import MOST_OCTETS, Given, Message, Part, wrong
from decoders.payload_schema.encoding_structures import STRUCTURES

TELLING = ("downlink", "bidirectional", "both")
COMMAND_WORDS = {"command_id", "fields", "description", "f_port", "name"}
F_PORT = 1  # where neither table nor command names a port; what other platforms send on then
CALLED = "_command"  # what other platforms call the key that names a command


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One message that a device can be told."""

    name: str
    f_port: int
    head: bytes
    parts: tuple[Part, ...]
    names: frozenset[str]
    needs: frozenset[str]

    def encode(self, values: Mapping[str, Any], path: str = "") -> Encoded:
        """Return ``values`` as octets; raises EncodeError."""
        message, given = Message(), Given(values, path)
        message.output.write(self.head)
        say_all(self.parts, message, given)
        refuse_strangers(given, self.names)
        data = message.finish()
        if not data:
            raise EncodeError(EncodeReason.EMPTY, f"{self.name or 'this message'} has no octets")
        return Encoded(self.f_port, data)


# ── by the names of commands ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CommandEncoder:
    """A table's ``downlink_commands``: an encoder."""

    name: str
    forms: Mapping[str, Form]

    def encode(self, command: Command) -> Encoded:
        """Return ``command`` as octets; raise EncodeError and nothing else."""
        if not command:
            raise EncodeError(EncodeReason.EMPTY, f"no command; there are {', '.join(self.forms)}")
        if isinstance(command.get(CALLED), str):
            return self._form(command[CALLED]).encode(
                {name: value for name, value in command.items() if name != CALLED}
            )
        named = [name for name in command if name in self.forms]
        if len(named) + bool(len(named) < len(command)) > 1:
            raise EncodeError(
                EncodeReason.TOO_MANY,
                f"{' and '.join(map(repr, command))}: this device takes one command in a downlink; send them apart",
            )
        return _called(self._form(named[0]), command[named[0]]) if named else self._by_values(command)

    def _form(self, name: str) -> Form:
        if name not in self.forms:
            raise EncodeError(EncodeReason.UNKNOWN_COMMAND, f"unknown command {name!r}{did_you_mean(name, self.forms)}")
        return self.forms[name]

    def _by_values(self, command: Command) -> Encoded:
        """Encode the one command whose values these are."""
        fitting = [form for form in self.forms.values() if command.keys() <= form.names]
        if len(fitting) == 1:
            return fitting[0].encode(command)
        if fitting:
            names = " and ".join(form.name for form in fitting)
            raise EncodeError(
                EncodeReason.UNKNOWN_COMMAND, f"{', '.join(command)}: {names} take this; name one of them"
            )
        known = {**self.forms, **{name: form for form in self.forms.values() for name in form.names}}
        strange = next((name for name in command if name not in known), next(iter(command)))
        raise EncodeError(EncodeReason.UNKNOWN_COMMAND, f"unknown command {strange!r}{did_you_mean(strange, known)}")


def _called(form: Form, value: Any) -> Encoded:
    """Encode a command that was given by its name: its values, its one value alone, or true where it has none."""
    if isinstance(value, Mapping):
        return form.encode(value, f"{form.name}.")
    if not form.names:
        if value is not True:
            raise wrong(form.name, f"{value!r} where true is expected; leave it out where it is not meant")
        return form.encode({})
    lone = form.needs if len(form.needs) == 1 else form.names
    if len(lone) != 1:
        raise wrong(form.name, f"{value!r} where an object of {', '.join(sorted(form.names))} is expected")
    return form.encode({next(iter(lone)): value}, f"{form.name}.")


# ── by the names of fields ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FieldEncoder:
    """A table whose fields are told as they are read: an encoder."""

    name: str
    forms: Sequence[Form]  # one for each port

    def encode(self, command: Command) -> Encoded:
        """Return ``command`` as octets; raise EncodeError and nothing else."""
        known = {name: None for form in self.forms for name in sorted(form.names)}
        if not command:
            raise EncodeError(EncodeReason.EMPTY, f"no value; there are {', '.join(known)}")
        forms = self.forms
        if "f_port" in command and "f_port" not in known:
            forms = [form for form in forms if form.f_port == command["f_port"]]
            command = {name: value for name, value in command.items() if name != "f_port"}
        for name in command:
            if name not in known and len(self.forms) > 1:
                raise _unknown(name, known)
        return self._form(forms or self.forms, command).encode(command)

    @staticmethod
    def _form(forms: Sequence[Form], command: Command) -> Form:
        if len(forms) == 1:
            return forms[0]
        fitting = [form for form in forms if command.keys() <= form.names and form.needs <= command.keys()]
        if len(fitting) != 1:
            ports = ", ".join(str(form.f_port) for form in (fitting or forms))
            why = "are a message on each; say f_port, one of" if fitting else "are no whole message on any of the ports"
            raise EncodeError(EncodeReason.WRONG_VALUE, f"{', '.join(command)} {why} {ports}")
        return fitting[0]


def _unknown(name: str, known: Mapping[str, object]) -> EncodeError:
    return EncodeError(EncodeReason.UNKNOWN_COMMAND, f"unknown value {name!r}{did_you_mean(name, known)}")


# ── from a table ────────────────────────────────────────────────────────────────────────────────────────────────


def compile_encoder(table: document.Mapping, name: str) -> CommandEncoder | FieldEncoder | None:
    """Return the encoder that ``table`` is, None where it tells its device nothing; raises TableError."""
    if "downlink_commands" in table:
        return _commands(table, name)
    forms = _forms(table, name, only_told=True)
    return FieldEncoder(name, forms) if forms else None


def compile_messages(table: document.Mapping, name: str) -> FieldEncoder:
    """Return what makes uplinks of field values, whatever the table's direction: for vectors and round trips."""
    return FieldEncoder(name, _forms(table, name, only_told=False))


def _forms(table: document.Mapping, name: str, *, only_told: bool) -> list[Form]:
    fields, direction = Fields(table, name, STRUCTURES), table.get("direction", "uplink")
    if "ports" not in table:
        if only_told and direction not in TELLING:
            return []
        return [_form("", _port(table, F_PORT), b"", (*fields.header(table), *fields.message(table)))]
    ports = table.part("ports")
    return [
        _form("", _port_number(port, ports), b"", (*fields.header(table), *fields.message(ports.part(port))))
        for port in ports
        if not only_told or ports.part(port).get("direction", direction) in TELLING
    ]


def _commands(table: document.Mapping, name: str) -> CommandEncoder:
    commands = table.part("downlink_commands")
    fields, port = Fields(table, name, STRUCTURES), _port(table, F_PORT)
    forms = {}
    for one in commands:
        spec = commands.part(one)
        spec.only(COMMAND_WORDS, (), "a command")
        parts = fields.message(spec)
        forms[str(one)] = _form(str(one), _port(spec, port), _head(spec), parts)
    if not forms:
        raise commands.wrong("downlink_commands holds no command")
    return CommandEncoder(name, forms)


def _form(name: str, f_port: int, head: bytes, parts: tuple[Part, ...]) -> Form:
    return Form(name=name, f_port=f_port, head=head, parts=parts, names=names_of(parts), needs=needs_of(parts))


def _head(spec: document.Mapping) -> bytes:
    """Return the octets that begin a command: ``command_id``, an octet, or a list of them where it has more or none."""
    given = spec.get("command_id")
    octets: list[Any] = given if isinstance(given, list) else [given]
    try:
        return bytes([int(one, 0) if isinstance(one, str) else one for one in octets[:MOST_OCTETS]])
    except (TypeError, ValueError):
        raise spec.wrong(
            f"command_id is an octet, 0 to 255, or a list of octets ([] for none), not {given!r}"
        ) from None


def _port(spec: document.Mapping, default: int) -> int:
    port = spec.get("f_port", default)
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 223:
        raise spec.wrong(f"f_port is 1 to 223, not {port!r}")
    return port


def _port_number(port: Any, ports: document.Mapping) -> int:
    if port == "default":
        return F_PORT
    if isinstance(port, int | str) and str(port).isdecimal() and 1 <= int(port) <= 223:
        return int(port)
    raise ports.wrong(f"{port!r} is no port for a downlink: 1 to 223, or default")
