"""`dnmsg`: a frame for a station to send, written from what the network asks for.

A request is one window, so a message has one slot: a class A answer goes into RX1's fields whichever window it is, a
class C frame into RX2's, which a station sends at once. Power is the station's choice, from `router_config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from gateway.model import Json, TxRequest
from gateway.sources.basics_station.phy import Moment
from gateway.sources.basics_station.plan import RadioPlan

CLASS_A, CLASS_C = 0, 2
NO_DEVICE: Final = "00-00-00-00-00-00-00-01"  # a station tells nothing of a frame for a device of zeros alone
LONGEST_DELAY_S: Final = 15  # of RX1; RX2 is a second later
_SECOND: Final = timedelta(seconds=1)


def write_dnmsg(request: TxRequest, plan: RadioPlan, moment: Moment | None, diid: int) -> dict[str, Json] | None:
    """Return the message; None where a station cannot send such a frame: frequency, data rate, or a delay in between seconds."""
    rate = data_rate_number(plan, request)
    lowest_hz, highest_hz = plan.frequencies_hz
    if rate is None or not lowest_hz <= request.frequency_hz <= highest_hz:
        return None
    message: dict[str, Json] = {
        "msgtype": "dnmsg",
        "DevEui": NO_DEVICE,
        "dC": CLASS_C if request.at_once else CLASS_A,
        "diid": diid,
        "pdu": request.phy_payload.hex().upper(),
        "priority": 0,
    }
    slot = _at_once(rate, request, moment) if request.at_once else _in_slot(rate, request, moment)
    return None if slot is None else {**message, **slot}


def data_rate_number(plan: RadioPlan, request: TxRequest) -> int | None:
    """Return the number of a downlink's data rate; of two that are the same the one that is a downlink's."""
    found = [number for number, rate in enumerate(plan.data_rates) if rate == request.data_rate]
    return found[-1] if found else None


def _at_once(rate: int, request: TxRequest, moment: Moment | None) -> Mapping[str, Json]:
    rctx = 0 if moment is None else moment.rctx
    return {"RxDelay": 1, "RX2DR": rate, "RX2Freq": request.frequency_hz, "rctx": rctx}


def _in_slot(rate: int, request: TxRequest, moment: Moment | None) -> Mapping[str, Json] | None:
    if request.delay is None or moment is None:
        return None
    delay_s, rest = divmod(request.delay, _SECOND)
    if rest or not 1 <= delay_s <= LONGEST_DELAY_S + 1:
        return None
    slot: dict[str, Json] = {"xtime": moment.xtime, "rctx": moment.rctx}
    if delay_s > LONGEST_DELAY_S:  # RX2 of the longest RX1 delay: the station adds the second itself
        return slot | {"RxDelay": LONGEST_DELAY_S, "RX2DR": rate, "RX2Freq": request.frequency_hz}
    return slot | {"RxDelay": delay_s, "RX1DR": rate, "RX1Freq": request.frequency_hz}
