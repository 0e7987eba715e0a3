"""US902-928 (RP002-1.0.4). Powers: FCC part 15.247, as The Things Stack has them.

The tables were compared with ChirpStack's us915.rs, The Things Stack's us_902_928_rp2_v1_0_4.go and pamoja's plan. The limit
of 400 ms a frame holds for every narrow uplink, so the payload sizes have it in them and no command can lift it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.regions import fixed_plan
from gateway.lorawan.regions.dynamic_plan import SF12_TO_SF7
from gateway.lorawan.regions.values import Region, SubBand
from gateway.model import LoraRate

US915: Final = Region(
    name="US915",
    data_rates=(
        *SF12_TO_SF7[2:],  # SF10 to SF7
        LoraRate(8, 500_000),
        None,  # DR5 and DR6 are LR-FHSS
        None,
        None,
        *fixed_plan.DR8_TO_DR13,
    ),
    default_channels=fixed_plan.channels(902_300_000, 903_000_000, narrow=(0, 3), wide=(4, 6)),
    join_channels=fixed_plan.channels(902_300_000, 903_000_000, narrow=(0, 0), wide=(4, 4)),
    cf_list_mask=fixed_plan.bank(1),
    downlink_channels_hz=fixed_plan.DOWNLINK_CHANNELS_HZ,
    rx1_data_rates=(
        (10, 9, 8, 8),
        (11, 10, 9, 8),
        (12, 11, 10, 9),
        (13, 12, 11, 10),
        (13, 13, 12, 11),
        (),
        (),
        (),
        *fixed_plan.NO_UPLINKS,
    ),
    rx2_frequency_hz=923_300_000,
    rx2_data_rate=8,
    max_payloads=(11, 53, 125, 242, 242, 50, 125, None, *fixed_plan.DR8_TO_DR13_PAYLOADS),
    max_payloads_repeater=(11, 53, 125, 222, 222, 50, 125, None, *fixed_plan.DR8_TO_DR13_PAYLOADS_REPEATER),
    dwell_time=timedelta(milliseconds=400),
    highest_adr_data_rate=3,  # DR4 is of the one wide channel of a bank
    sub_bands=(
        SubBand(
            label="uplinks",
            lowest_hz=902_000_000,
            highest_hz=915_000_000,
            duty_cycle_permille=1000,
            max_eirp_dbm=23,  # 21 dBm conducted with fewer than 50 channels
        ),
        SubBand(
            label="downlinks",
            lowest_hz=923_000_000,
            highest_hz=928_000_000,
            duty_cycle_permille=1000,
            max_eirp_dbm=28,  # 26 dBm conducted keep 8 dBm in 3 kHz
        ),
    ),
    max_eirp_dbm=30,  # conducted in this region; an antenna up to 6 dBi is free
    tx_power_steps=14,
)
