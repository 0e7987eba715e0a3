"""Devices from labels and from other networks: whatever a person holds becomes registrations, or says what is wrong.

All of it is pure: text in; registrations, problems and remarks out. Reading, asking and storing are the joints' work.
"""

from gateway.journal import Nonces
from gateway.model import is_moved, moved_activation
from gateway.onboarding.chirpstack import read_chirpstack, read_chirpstack_rows
from gateway.onboarding.chirpstack_export import write_chirpstack, write_chirpstack_with_keys
from gateway.onboarding.labels import TypedLabel, read_label, registration
from gateway.onboarding.moved import Moved, Site
from gateway.onboarding.reading import read_moved, read_whole_label
from gateway.onboarding.recognise import Kind, recognise
from gateway.onboarding.the_things_stack import read_the_things_stack, read_the_things_stack_rows
from gateway.onboarding.the_things_stack_export import write_the_things_stack, write_the_things_stack_with_keys
from gateway.onboarding.tr005 import Label, read_tr005

__all__ = [
    "Kind",
    "Label",
    "Moved",
    "Nonces",
    "Site",
    "TypedLabel",
    "is_moved",
    "moved_activation",
    "read_chirpstack",
    "read_chirpstack_rows",
    "read_label",
    "read_moved",
    "read_the_things_stack",
    "read_the_things_stack_rows",
    "read_tr005",
    "read_whole_label",
    "recognise",
    "registration",
    "write_chirpstack",
    "write_chirpstack_with_keys",
    "write_the_things_stack",
    "write_the_things_stack_with_keys",
]
