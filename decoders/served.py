"""What a network server's own codec made of a payload → what a decoder would say.

    fields       ChirpStack's ``object``, The Things Stack's ``decoded_payload``: as the codec names them
    normalised   The Things Stack's ``normalized_payload``: quantities and units of a published schema

The normalised payload states readings by itself. Fields state them where a mapping says what they mean; what nobody has mapped
travels as raw fields.
"""

from __future__ import annotations

from collections.abc import Mapping as Fields
from datetime import datetime
from typing import Any

from decoders import normalised as schema
from decoders.contract import Decoded
from decoders.mapping import LIST, Mapping

VALUE = "value"  # what output that is neither an object nor a list is called


def decoded(fields: object, normalised: object, mapping: Mapping | None, received_at: datetime | None) -> Decoded:
    """Return what a server's codec said; whatever it is, nothing is raised."""
    if normalised is not None:
        readings, warnings = schema.readings(normalised, received_at)
        shown = fields if fields is not None else normalised
    else:
        readings, warnings = ((), ()) if mapping is None else mapping.readings(fields, received_at)
        shown = fields
    return Decoded(readings, _named(shown), warnings)


def _named(fields: object) -> Fields[str, Any]:
    match fields:
        case Fields():
            return {str(name): value for name, value in fields.items()}
        case list() | tuple():
            return {LIST: fields}
        case None:
            return {}
    return {VALUE: fields}
