"""AS923-1 to AS923-4 (RP002-1.0.4): one plan, moved down for groups of countries.

The tables were compared with ChirpStack's as923.rs, The Things Stack's as_923_rp2_v1_0_4.go and pamoja's plan; the groups' edges
and the 1 % for all of a group are LoRaMac-node's (RegionAS923.c). Which further channels are legal depends on the country:
whoever builds a site names its own for the CFList.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.regions.dynamic_plan import DR0_TO_DR7, channels, slower_by_offset
from gateway.lorawan.regions.values import Region, SubBand

_OFFSETS: Final = (0, 1, 2, 3, 4, 5, -1, -2)  # RX1DROffset 6 and 7 make RX1 faster than the uplink


def _as923(group: int, moved_hz: int, lowest_hz: int, highest_hz: int) -> Region:
    default_hz = (923_200_000 + moved_hz, 923_400_000 + moved_hz)
    return Region(
        name=f"AS923-{group}",
        data_rates=DR0_TO_DR7,
        default_channels=channels(*default_hz),
        join_channels=channels(*default_hz, lowest=2),
        rx1_data_rates=slower_by_offset(_OFFSETS),
        rx1_data_rates_dwell=slower_by_offset(_OFFSETS, lowest=2),
        rx2_frequency_hz=default_hz[0],
        rx2_data_rate=2,
        max_payloads=(51, 51, 115, 115, 242, 242, 242, 242),
        max_payloads_repeater=(51, 51, 115, 115, 222, 222, 222, 222),
        max_payloads_dwell=(None, None, 11, 53, 125, 242, 242, 242),
        dwell_time=timedelta(milliseconds=400),
        tx_param_setup=True,
        highest_adr_data_rate=5,
        sub_bands=(
            SubBand(
                label=f"AS923-{group}",
                lowest_hz=lowest_hz,
                highest_hz=highest_hz,
                duty_cycle_permille=10,
                max_eirp_dbm=16,
            ),
        ),
        max_eirp_dbm=16,
        tx_power_steps=7,
    )


AS923_1: Final = _as923(1, 0, 915_000_000, 928_000_000)
AS923_2: Final = _as923(2, -1_800_000, 920_000_000, 923_000_000)
AS923_3: Final = _as923(3, -6_600_000, 915_000_000, 921_000_000)
AS923_4: Final = _as923(4, -5_900_000, 917_000_000, 920_000_000)
