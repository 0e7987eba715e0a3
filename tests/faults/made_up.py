"""A made-up torture run in which every promise was kept, for tests that break one."""

from __future__ import annotations

from dataclasses import replace

from gateway.model import Eui64, uplink_id
from simulators.torture.evidence import Delivered, Evidence, Taken, Transmitted
from simulators.torture.payload import payload_of

DEVICES = (Eui64("70b3d57ed1000000"), Eui64("70b3d57ed1000001"))
ACTIVATIONS = {DEVICES[0]: "0100abcd-0", DEVICES[1]: "00000001-abp0"}
EACH = 4  # uplinks of each device
NOBODY_HEARD = 7  # serial of an uplink that was never committed
KILLED_RUN, LAST_RUN = 1, 2


def sent(serial: int) -> Transmitted:
    """Return the uplink with this serial number, 0 to 7; even ones are the first device's."""
    dev_eui, f_cnt = DEVICES[serial % 2], serial // 2
    activation = ACTIVATIONS[dev_eui]
    return Transmitted(
        uplink=str(uplink_id(dev_eui, activation, f_cnt)),
        dev_eui=dev_eui,
        activation=activation,
        f_cnt=f_cnt,
        payload=payload_of(serial),
    )


def committed(serial: int, row: int) -> Transmitted:
    return replace(sent(serial), row=row)


def delivered(serial: int) -> Delivered:
    one = sent(serial)
    return Delivered(uplink=one.uplink, dev_eui=one.dev_eui, serial=serial, body=b"pack %d" % serial)


def taken(serial: int, broker_run: int = LAST_RUN, reason: int = 0) -> Taken:
    return Taken(uplink=sent(serial).uplink, reason=reason, broker_run=broker_run)


def good_run() -> Evidence:
    """Return a run with one uplink that nobody heard, one that arrived twice, and one that the killed broker lost and got again."""
    heard = [serial for serial in range(2 * EACH) if serial != NOBODY_HEARD]
    return Evidence(
        sent=tuple(map(sent, range(2 * EACH))),
        acknowledged=frozenset({sent(0).uplink, sent(3).uplink}),
        activated={DEVICES[0]: ACTIVATIONS[DEVICES[0]]},
        committed=tuple(committed(serial, row) for row, serial in enumerate(heard, 1)),
        sessions={dev_eui: frozenset({activation}) for dev_eui, activation in ACTIVATIONS.items()},
        taken=(taken(0, KILLED_RUN), *map(taken, heard)),
        delivered=(*map(delivered, heard), delivered(2)),
        killed_broker_runs=frozenset({KILLED_RUN}),
    )
