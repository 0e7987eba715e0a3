"""A devices file of any other kind than our own, read by its kind."""

from __future__ import annotations

from gateway.devices_file.spreadsheet import Unreadable, rows
from gateway.errors import ConfigError
from gateway.onboarding.chirpstack import read_chirpstack, read_chirpstack_rows
from gateway.onboarding.labels import TypedLabel, read_label, registration
from gateway.onboarding.moved import Moved, Site, lacking, moved
from gateway.onboarding.recognise import Kind
from gateway.onboarding.the_things_stack import read_the_things_stack, read_the_things_stack_rows
from gateway.onboarding.tr005 import Label

MISREAD = "label: its checksum does not fit: a character was misread; scan or type it again"


def read_moved(kind: Kind, text: str, name: str, site: Site | None = None) -> Moved:
    """Return what a file of another network, or a label, holds; our own CSV has its reader in gateway.devices_file."""
    match kind:
        case Kind.CHIRPSTACK_JSON:
            return read_chirpstack(text, name, site)
        case Kind.THE_THINGS_STACK_JSON:
            return read_the_things_stack(text, name, site)
        case Kind.CHIRPSTACK_CSV | Kind.THE_THINGS_STACK_CSV:
            return _read_table(kind, text, name, site)
        case Kind.LABEL:
            return _read_label(text, name)
        case Kind.OWN_CSV:
            raise AssertionError("our own CSV is no other network's")


def _read_table(kind: Kind, text: str, name: str, site: Site | None) -> Moved:
    try:
        table = list(rows(text))
    except Unreadable as error:
        return moved(name, [], [str(error)], [])
    read = read_chirpstack_rows if kind is Kind.CHIRPSTACK_CSV else read_the_things_stack_rows
    return read(table, name, site)


def _read_label(text: str, name: str) -> Moved:
    try:
        registered = registration(read_whole_label(text))
    except ConfigError as error:
        return moved(name, [], error.problems, [])
    return moved(name, [registered], [], lacking(registered))


def read_whole_label(text: str) -> Label | TypedLabel:
    """Return what a label says; raises ConfigError with everything that is wrong with it, a checksum that does not fit too."""
    label = read_label(text)
    if isinstance(label, Label) and label.checksum_ok is False:
        raise ConfigError(MISREAD)
    return label
