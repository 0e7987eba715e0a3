"""A slow class C device is given the time that the law makes it wait before its acknowledgement is missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model import Downlink, DownlinkState, LoraRate
from tests.network.bench import DEV_EUI, Bench, abp, register
from tests.network.radio import START, reception

CONFIRMED = Downlink(id=0, dev_eui=DEV_EUI, f_port=10, payload=b"\x01\x02", queued_at=START, confirmed=True)
SLOW = replace(reception(), data_rate=LoraRate(12, 125_000))  # 14 octets take 1.16 s, and 115 s of silence follow


@pytest.mark.parametrize(("seconds", "tries"), [(36, 1), (140, 1), (150, 2)])
async def test_a_slow_device_is_not_told_again_while_it_may_not_answer(bench: Bench, seconds: int, tries: int) -> None:
    device = abp()
    await register(bench, device, device_class="C")
    await bench.hear(device.uplink(2, b"\x01"), SLOW)
    await bench.settle()
    bench.clock.seconds += 60
    await bench.network.dispatch.enqueue(CONFIRMED)
    await bench.network.dispatch.turn()

    bench.clock.seconds += seconds
    await bench.network.dispatch.turn()
    await bench.network.dispatch.turn()

    (downlink,) = await bench.downlinks()
    assert (downlink.state, downlink.tries) == (DownlinkState.SENT, tries)
