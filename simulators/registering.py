"""What an installer would know of a simulated device: what its session is called, and what is registered of it."""

from __future__ import annotations

from gateway.journal import Registration
from gateway.model import Activation, Device, RootKeys, Session
from simulators.end_device import EndDevice


def activation_of(radio: EndDevice) -> str:
    """Return the name of a device's session in every uplink id; see `gateway.model.Session`."""
    number = "abp0" if radio.join_nonce is None else radio.join_nonce
    return f"{radio.dev_addr}-{number}"


def registered(device: Device, radio: EndDevice) -> Registration:
    """Return what an installer would enter; of an ABP device before its first uplink."""
    if device.activation is Activation.OTAA:
        return Registration(device=device, root_keys=RootKeys(app_key=radio.app_key, nwk_key=radio.nwk_key))
    assert radio.dev_addr is not None
    assert radio.keys is not None
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=radio.dev_addr,
        activation=activation_of(radio),
        mac_version=radio.mac_version,
        keys=radio.keys,
    )
    return Registration(device=device, session=session)
