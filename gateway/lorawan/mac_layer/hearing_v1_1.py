"""What only a device of LoRaWAN 1.1 says, and rejoining, of which it says nothing before it does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gateway.lorawan.mac_commands import (
    ADRParamSetupAns,
    ADRParamSetupReq,
    DeviceModeConf,
    DeviceModeInd,
    ForceRejoinReq,
    MacCommand,
    RejoinParamSetupAns,
    RejoinParamSetupReq,
    RekeyConf,
    RekeyInd,
    ResetConf,
    ResetInd,
)
from gateway.lorawan.mac_layer.state import begin, rejoined
from gateway.lorawan.mac_layer.under_way import UnderWay
from gateway.lorawan.region import RECEIVE_DELAY1

CLASS_C: Final = 2  # DeviceModeInd (LoRaWAN 1.1, section 19)
MINOR_V1_1: Final = 1  # ResetConf and RekeyConf


def _adr_param_setup(hearing: UnderWay, _: MacCommand) -> None:
    if (request := hearing.take(ADRParamSetupReq)) is not None:
        hearing.state = replace(hearing.state, adr_param_setup=request)


def _rejoin_param_setup(hearing: UnderWay, answer: MacCommand) -> None:
    assert isinstance(answer, RejoinParamSetupAns)
    if (request := hearing.take(RejoinParamSetupReq)) is None:
        return
    hearing.state = replace(hearing.state, rejoin_param_setup=request)
    if not answer.time_ok:
        hearing.notes.append(
            "RejoinParamSetupReq: the device keeps no time, it rejoins by the number of its uplinks alone"
        )


def force_rejoin(hearing: UnderWay) -> None:
    """Count a ForceRejoinReq that brought another uplink and no rejoin request; after some it is let go."""
    state, was_told = hearing.state, hearing.take(ForceRejoinReq) is not None
    if state.force_rejoin is None or not was_told:
        return
    hearing.state = replace(state, force_tries=state.force_tries - 1)
    if hearing.state.force_tries == 0:
        hearing.state = rejoined(hearing.state)
        hearing.notes.append(
            "ForceRejoinReq: the device was told several times and does not rejoin; it is not told again"
        )


def _reset(hearing: UnderWay, indication: MacCommand) -> None:
    assert isinstance(indication, ResetInd)
    region = hearing.state.plan.region
    fresh = begin(region, b"", data_rate=hearing.state.setting.data_rate)
    hearing.state = replace(fresh, restarts=hearing.state.restarts)
    hearing.session = replace(
        hearing.session,
        rx1_delay_s=RECEIVE_DELAY1.seconds,
        rx1_dr_offset=0,
        rx2_data_rate=region.rx2_data_rate,
        rx2_frequency_hz=region.rx2_frequency_hz,
    )
    hearing.answers.append(ResetConf(minor=min(indication.minor, MINOR_V1_1)))


def _rekey(hearing: UnderWay, indication: MacCommand) -> None:
    assert isinstance(indication, RekeyInd)
    hearing.answers.append(RekeyConf(minor=min(indication.minor, MINOR_V1_1)))


def _device_mode(hearing: UnderWay, indication: MacCommand) -> None:
    assert isinstance(indication, DeviceModeInd)
    device_class = "C" if indication.device_class == CLASS_C else "A"
    hearing.state = replace(hearing.state, device_class=device_class)
    hearing.answers.append(DeviceModeConf(device_class=indication.device_class))


TAKE: Final[Mapping[type[MacCommand], Callable[[UnderWay, MacCommand], None]]] = {
    ADRParamSetupAns: _adr_param_setup,
    RejoinParamSetupAns: _rejoin_param_setup,
    ResetInd: _reset,
    RekeyInd: _rekey,
    DeviceModeInd: _device_mode,
}
