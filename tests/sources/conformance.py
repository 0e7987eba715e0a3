"""The far side of each type of source, by what `type` says: a new type is a class and a line here.

`FarSide` says what the cases of `test_conformance.py` ask of a class; what a protocol does not have (a stream to split, a
connection to lose) its class says by leaving it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.sources.far_side import FarSide
from tests.sources.far_sides_chirpstack import ChirpstackMqttSide, ConcentratordSide
from tests.sources.far_sides_radio import BasicsStationSide, RecordingSide, SemtechUdpSide, SerialModemSide
from tests.sources.far_sides_servers import ChirpstackSide, TheThingsStackSide, WebhookSide

SIDES: Final[Mapping[str, type[FarSide]]] = {
    side.kind: side
    for side in (
        SemtechUdpSide,
        BasicsStationSide,
        SerialModemSide,
        ChirpstackMqttSide,
        ConcentratordSide,
        ChirpstackSide,
        TheThingsStackSide,
        WebhookSide,
        RecordingSide,
    )
}
