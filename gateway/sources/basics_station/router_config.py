"""`router_config`: what a station is told when it has said its `version` (LNS protocol 2).

Its own duty cycle is switched off (`nodc`): it holds 0.1 % for 865 to 868 MHz, where the law has 1 % since 2017, and
says nothing when it drops a frame. The ledger of what it sends is kept here. Builds for production heed no `nodc`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model import DataRate, FskRate, Json, LoraRate
from gateway.sources.basics_station.plan import MOST_CHANNELS, RadioPlan, Tuned, Tuning

HARDWARE: Final = "sx1301/1"  # one board of any kind: stations with an SX1302 want this word, too
DATA_RATES: Final = 16  # triples: a station keeps what it had where one is missing
UNDEFINED: Final = [-1, 0, 0]
FSK: Final = {"bandwidth": 125_000, "datarate": 50_000}  # left out, Semtech's library takes 64 kbit/s


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a station is to pass on; None: all, strangers' frames among it."""

    address_prefixes: tuple[int, ...] | None = None  # the first 7 bits of a DevAddr: all that a station compares
    join_euis: tuple[tuple[int, int], ...] | None = None  # ranges, both ends in them


NO_FILTERS: Final = Filters()


def router_config(
    plan: RadioPlan,
    tuning: Tuning,
    filters: Filters,
    *,
    antenna_gain_dbi: float = 0.0,
    mux_time_s: float | None = None,
) -> dict[str, Json]:
    """Return the message; ``mux_time_s`` is the time since 1970, None where this box does not know it."""
    return {
        "msgtype": "router_config",
        "NetID": None if filters.address_prefixes is None else [*filters.address_prefixes],
        "JoinEui": None if filters.join_euis is None else [[*span] for span in filters.join_euis],
        "region": plan.region,
        "hwspec": HARDWARE,
        "freq_range": [*plan.frequencies_hz],
        "DRs": _data_rates(plan),
        "sx1301_conf": [_board(plan, tuning, antenna_gain_dbi)],
        "nodc": True,
        "max_eirp": plan.max_eirp_dbm,
        **({} if mux_time_s is None else {"MuxTime": mux_time_s}),
    }


def _data_rates(plan: RadioPlan) -> list[list[int]]:
    told = [_data_rate(rate, number in plan.downlink_only) for number, rate in enumerate(plan.data_rates)]
    return told + [UNDEFINED] * (DATA_RATES - len(told))


def _data_rate(rate: DataRate | None, downlink_only: bool) -> list[int]:  # noqa: FBT001 - a flag of the protocol's
    match rate:
        case LoraRate():
            return [rate.spreading_factor, rate.bandwidth_hz // 1000, int(downlink_only)]
        case FskRate():
            return [0, 0, int(downlink_only)]
        case None:
            return UNDEFINED


def _board(plan: RadioPlan, tuning: Tuning, antenna_gain_dbi: float) -> dict[str, Json]:
    gain = {"antenna_gain": antenna_gain_dbi} if antenna_gain_dbi else {}  # else what its station.conf says stands
    first, second = tuning.centres_hz
    return {
        "radio_0": {"enable": True, "freq": first, **gain},
        "radio_1": {"enable": True, "freq": second},  # always on: on many boards the clock is its
        "chan_FSK": _channel(tuning.fsk, FSK),
        "chan_Lora_std": _channel(tuning.wide, {} if plan.wide is None else _wide(plan.wide.data_rate)),
        **{f"chan_multiSF_{number}": _channel(one) for number, one in enumerate(_all(tuning.channels))},
    }


def _wide(rate: LoraRate) -> Mapping[str, Json]:
    return {"bandwidth": rate.bandwidth_hz, "spread_factor": rate.spreading_factor}


def _all(channels: Sequence[Tuned]) -> list[Tuned | None]:
    """Return all eight channels, so that none stays on from another network server's time."""
    return [*channels, *[None] * (MOST_CHANNELS - len(channels))]


def _channel(tuned: Tuned | None, more: Mapping[str, Json] | None = None) -> dict[str, Json]:
    if tuned is None:
        return {"enable": False}
    return {"enable": True, "radio": tuned.radio, "if": tuned.offset_hz, **(more or {})}
