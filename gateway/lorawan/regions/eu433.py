"""EU433 (RP002-1.0.4). Sub-band: ERC/REC 70-03, annex 1, 433.05 to 434.79 MHz, 10 mW ERP, 10 %.

The tables were compared with ChirpStack's eu433.rs, The Things Stack's eu_433_rp2_v1_0_4.go and pamoja's plan. No further
channels are usual in all countries: whoever builds such a site names its own for the CFList.
"""

from __future__ import annotations

from typing import Final

from gateway.lorawan.regions.dynamic_plan import DR0_TO_DR7, channels, slower_by_offset
from gateway.lorawan.regions.values import Region, SubBand

EU433: Final = Region(
    name="EU433",
    data_rates=DR0_TO_DR7,
    default_channels=channels(433_175_000, 433_375_000, 433_575_000),
    join_channels=channels(433_175_000, 433_375_000, 433_575_000),
    rx1_data_rates=slower_by_offset((0, 1, 2, 3, 4, 5)),
    rx2_frequency_hz=434_665_000,
    rx2_data_rate=0,
    max_payloads=(51, 51, 51, 115, 242, 242, 242, 242),
    max_payloads_repeater=(51, 51, 51, 115, 222, 222, 222, 222),
    highest_adr_data_rate=5,
    sub_bands=(
        SubBand(
            label="433",
            lowest_hz=433_050_000,
            highest_hz=434_790_000,
            duty_cycle_permille=100,
            max_eirp_dbm=12,  # 10 mW ERP are 12.15 dBm EIRP
        ),
    ),
    max_eirp_dbm=12,
    tx_power_steps=5,
)
