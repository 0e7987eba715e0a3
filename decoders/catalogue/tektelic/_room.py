"""The values of TEKTELIC's Smart Room sensors, which most of its other sensors share."""

from __future__ import annotations

from collections.abc import Mapping

from decoders.catalogue.tektelic._tags import AIR, BATTERY, HUMIDITY, OLD_BATTERY, Tag, Value

ROOM: Mapping[Tag, Value] = {
    (0x00, 0xFF): OLD_BATTERY,
    (0x00, 0xBA): BATTERY,
    (0x01, 0x00): Value(name="reed_state", octets=1, quantity="digital_input", channel="reed", truth=True),
    (0x02, 0x00): Value(name="light_detected", octets=1),
    (0x03, 0x67): AIR,
    (0x04, 0x68): HUMIDITY,
    (0x05, 0x02): Value(name="acceleration_magnitude", signed=True, parts=1000),
    (0x08, 0x04): Value(name="reed_count", quantity="pulse_count", unit="1", channel="reed"),
    (0x09, 0x00): Value(name="moisture", octets=1, quantity="water_present", truth=True),
    (0x0A, 0x00): Value(name="motion_event_state", octets=1, quantity="motion", truth=True),
    (0x0B, 0x67): Value(name="mcu_temperature", signed=True, parts=10, quantity="device_temperature", unit="Cel"),
    (0x0C, 0x00): Value(name="impact_alarm", octets=1),
    (0x0D, 0x04): Value(name="motion_event_count", quantity="motion_count", unit="1"),
    (0x0E, 0x00): Value(
        name="external_connector_state", octets=1, quantity="digital_input", channel="external", truth=True
    ),
    (0x0F, 0x04): Value(name="external_connector_count", quantity="pulse_count", unit="1", channel="external"),
    (0x10, 0x02): Value(name="light_intensity", octets=1),
}
QUANTITIES = tuple(sorted({value.quantity for value in ROOM.values() if value.quantity}))
