"""What of the air travels to a network server, by a frame's own octets: pure."""

from __future__ import annotations

from gateway.errors import BadFrame
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.phy import DataFrame, Direction, JoinRequest, PhyPayload, Proprietary, RejoinRequest, parse
from gateway.relay.settings import Filters


def passes(filters: Filters, phy_payload: bytes) -> bool:
    """Tell whether a frame of another network's device travels."""
    try:
        said = parse(phy_payload)
    except BadFrame:  # nobody can say whose it is: where somebody chooses, it stays
        return not filters.choose
    return _chosen(filters, said)


def _chosen(filters: Filters, said: PhyPayload) -> bool:
    match said:
        case DataFrame(dev_addr=dev_addr):
            return not filters.dev_addrs or any(dev_addr in block for block in filters.dev_addrs)
        case JoinRequest(join_eui=join_eui):
            return not filters.join_euis or any(join_eui in one for one in filters.join_euis)
        case RejoinRequest(join_eui=None, net_id=net_id) if net_id is not None:
            return not filters.dev_addrs or _meets(filters.dev_addrs, AddressBlock.of_net_id(net_id))
        case RejoinRequest(join_eui=join_eui) if join_eui is not None:
            return not filters.join_euis or any(join_eui in one for one in filters.join_euis)
        case Proprietary():
            return filters.proprietary
    return True


def _meets(blocks: tuple[AddressBlock, ...], network: AddressBlock) -> bool:
    return any(block.lies_in(network) or network.lies_in(block) for block in blocks)


def is_uplink(phy_payload: bytes) -> bool:
    """Tell whether a frame is a device's: a gateway that hears other gateways brings downlinks, too."""
    try:
        said = parse(phy_payload)
    except BadFrame:
        return False
    match said:
        case DataFrame(direction=direction):
            return direction is Direction.UPLINK
        case JoinRequest() | RejoinRequest() | Proprietary():
            return True
    return False
