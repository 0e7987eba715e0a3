"""The keys of `[network]`: what the network in the box wants of its devices."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import (
    DataRateNumber,
    DurationOrOff,
    Frequencies,
    Frequency,
    PowerOfTwo,
    RejoinTime,
    Shown,
    Truth,
)


class NetworkKeys(Keys):
    """How this network wants its devices to be. OTAA devices are told as they join, all others by MAC commands."""

    rx1_delay_s: Annotated[int, Field(ge=1, le=15), Shown("a whole number from 1 to 15")] = Field(
        default=1,
        description="seconds from an uplink to RX1; more where the way to the gateway is slow. RX2 is a second later",
    )
    rx1_dr_offset: Annotated[int, Field(ge=0, le=7), Shown("a whole number from 0 to 7")] = Field(
        default=0, description="how much slower RX1 is than the uplink, in data rates"
    )
    rx2_data_rate: DataRateNumber = Field(default=None, description="of RX2; without it the region's")
    rx2_frequency_hz: Frequency = Field(default=None, description="of RX2; without it the region's")
    channels_hz: Frequencies = Field(
        default=None,
        description="uplink channels besides those that every device has, in the order of their numbers; without it those that"
        " are usual in the region: five in EU868, none in EU433 and AS923",
    )
    max_duty_cycle: Annotated[int, Field(ge=0, le=15), Shown("a whole number from 0 to 15")] = Field(
        default=0, description="devices send at most 1 / 2 to the power of it of all time; 0: as the region allows"
    )
    adr: Truth = Field(
        default=True, description="whether devices that leave it to the network are told data rate and power"
    )
    adr_margin_db: Annotated[
        float, Field(ge=0, le=40, allow_inf_nan=False), Shown("a number of decibels from 0 to 40")
    ] = Field(default=10.0, description="what ADR leaves to spare; a device may have its own")
    adr_min_data_rate: DataRateNumber = Field(
        default=None, description="the slowest that ADR chooses; without it the region's"
    )
    adr_max_data_rate: DataRateNumber = Field(
        default=None, description="the fastest that ADR chooses; without it the region's"
    )
    status_every: DurationOrOff = Field(
        default=timedelta(days=1), description="how often a device is asked for its battery and margin; `off`: never"
    )
    adr_ack_limit: PowerOfTwo = Field(
        default=None,
        description="LoRaWAN 1.1: uplinks without a downlink, then a device asks for a sign; without it 64",
    )
    adr_ack_delay: PowerOfTwo = Field(
        default=None,
        description="LoRaWAN 1.1: uplinks more until it helps itself to a slower data rate; without it 32",
    )
    rejoin_after: RejoinTime = Field(
        default=None,
        description="LoRaWAN 1.1: a device renews its session at least so often, in steps of powers of two; without it never",
    )
    rejoin_frames: Annotated[
        int | None, Field(ge=16, le=524_288), Shown("a whole number of uplinks from 16 to 524288")
    ] = Field(default=None, description="LoRaWAN 1.1: the same by the number of uplinks; one of the two is enough")
