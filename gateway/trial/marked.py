"""The observation that a trial sends: marked as one, of a device that nobody else has."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import uuid4

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES
from gateway.model import Device, Entity, Eui64, Instant, Item, LoraRate, Reception, RowId, Uplink
from gateway.normalise import normalise
from gateway.sharing import Share, shared

TEST_EUI: Final = Eui64("0262727967676101")  # locally administered (RFC 9542), and "brygga" in its middle
NAME: Final = "brygga-test"
USUAL: Final = (
    "air_temperature",
    "battery_level",
)  # what is said, if the destination may have it; every platform knows one
VALUE: Final = 20.0
GATEWAY: Final = Eui64("0262727967676100")


def marked_device() -> Device:
    """Return the device of a trial: its name, its entity and its tag say what it is."""
    return Device(dev_eui=TEST_EUI, name=NAME, entity=Entity("", NAME), tags=frozenset({"test"}))


def marked(now: Instant, share: Share, device: Device | None = None) -> Item | None:
    """Return an observation of now, with an id of its own; None where the destination may have none that a trial could send."""
    device = device or marked_device()
    quantity = next((one for one in [*USUAL, *sorted(share.quantities)] if _may_go(one, share)), None)
    if quantity is None:
        return None
    decoded = Decoded((Reading(quantity, VALUE, QUANTITIES[quantity].unit),), {"test": True})
    uplink = Uplink(
        id=uuid4(),
        dev_eui=device.dev_eui,
        activation="test",
        f_cnt=0,
        f_port=1,
        payload=b"test",
        confirmed=False,
        adr=False,
        receptions=(_reception(),),
        heard_at=now,
    )
    whole = Item(
        row=RowId(1),
        uplink=uplink,
        device=device,
        decoded=decoded,
        observations=normalise(uplink, device, decoded, "test").observations,
        age=timedelta(),
        may_tell_signal=False,  # nobody heard it
    )
    return shared(whole, share).item


def _may_go(quantity: str, share: Share) -> bool:
    return quantity not in share.without and (not share.quantities or quantity in share.quantities)


def _reception() -> Reception:
    return Reception(
        gateway=GATEWAY, frequency_hz=868_100_000, data_rate=LoraRate(7, 125_000), rssi_dbm=-80.0, snr_db=9.0
    )
