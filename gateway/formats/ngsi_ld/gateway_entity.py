"""The gateway itself as an entity: a Device of the category "network" (the schema has no gateways), by the EUI of its radio.

urn:ngsi-ld:Device:aa555a0000000001    softwareVersion, dateLastValueReported, location
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.formats import Conversation
from gateway.formats.device_state import GatewayState
from gateway.formats.ngsi_ld.conversation import Delivery
from gateway.formats.ngsi_ld.entities import Instance, Naming, about_gateway
from gateway.formats.ngsi_ld.letters import Way
from gateway.model import Item, Json


def telling_gateways(
    gateways: Sequence[GatewayState], memory: Mapping[str, Json], naming: Naming, way: Way
) -> Conversation:
    """Hold the conversation about ``gateways``; its receipt has the rows that they were heard with."""
    by_row = {one.item.row: one for one in gateways}

    def say(item: Item, naming: Naming) -> Sequence[Instance]:
        one = by_row[item.row]
        return [about_gateway(item, naming, one.eui, one.facts.get("software_version", ""), one.place)]

    return Delivery([one.item for one in gateways], memory, naming, way, say).talk()
