"""AU915-928 (RP002-1.0.4). Power: Radiocommunications (LIPD) Class Licence 2015, 1 W EIRP.

The tables were compared with ChirpStack's au915.rs, The Things Stack's au_915_928_rp2_v1_0_4.go and pamoja's plan. Dwell time is
limited for uplinks alone, so RX1 and the sizes of downlinks have one table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.regions import fixed_plan
from gateway.lorawan.regions.dynamic_plan import SF12_TO_SF7
from gateway.lorawan.regions.values import Region, SubBand
from gateway.model import LoraRate

AU915: Final = Region(
    name="AU915",
    data_rates=(*SF12_TO_SF7, LoraRate(8, 500_000), None, *fixed_plan.DR8_TO_DR13),  # DR7 is LR-FHSS
    default_channels=fixed_plan.channels(915_200_000, 915_900_000, narrow=(0, 5), wide=(6, 7)),
    join_channels=fixed_plan.channels(915_200_000, 915_900_000, narrow=(2, 2), wide=(6, 6)),
    cf_list_mask=fixed_plan.bank(1),
    downlink_channels_hz=fixed_plan.DOWNLINK_CHANNELS_HZ,
    rx1_data_rates=(
        (8, 8, 8, 8, 8, 8),
        (9, 8, 8, 8, 8, 8),
        (10, 9, 8, 8, 8, 8),
        (11, 10, 9, 8, 8, 8),
        (12, 11, 10, 9, 8, 8),
        (13, 12, 11, 10, 9, 8),
        (13, 13, 12, 11, 10, 9),
        (),
        *fixed_plan.NO_UPLINKS,
    ),
    rx2_frequency_hz=923_300_000,
    rx2_data_rate=8,
    max_payloads=(51, 51, 51, 115, 242, 242, 242, 50, *fixed_plan.DR8_TO_DR13_PAYLOADS),
    max_payloads_repeater=(51, 51, 51, 115, 222, 222, 222, 50, *fixed_plan.DR8_TO_DR13_PAYLOADS_REPEATER),
    max_payloads_dwell=(None, None, 11, 53, 125, 242, 242, 50, *fixed_plan.DR8_TO_DR13_PAYLOADS),
    dwell_time=timedelta(milliseconds=400),
    tx_param_setup=True,
    highest_adr_data_rate=5,  # DR6 is of the one wide channel of a bank
    sub_bands=(
        SubBand(
            label="915",
            lowest_hz=915_000_000,
            highest_hz=928_000_000,
            duty_cycle_permille=1000,
            max_eirp_dbm=30,
        ),
    ),
    max_eirp_dbm=30,
    tx_power_steps=14,
)
