"""EU863-870 (RP002-1.0.4). Sub-bands: ETSI EN 300 220-2 V3.2.1, annex B.

The tables were compared with ChirpStack's eu868.rs, The Things Stack's eu_863_870_rp2_v1_0_4.go and pamoja's plan.
ChirpStack has N 222 for DR4 without a repeater; the others, and M 250, have 242.
"""

from __future__ import annotations

from typing import Final

from gateway.lorawan.regions.dynamic_plan import DR0_TO_DR7, channels, slower_by_offset
from gateway.lorawan.regions.values import Region, SubBand


def _band(label: str, lowest_hz: int, highest_hz: int, duty_cycle_permille: int, max_eirp_dbm: int) -> SubBand:
    return SubBand(
        label=label,
        lowest_hz=lowest_hz,
        highest_hz=highest_hz,
        duty_cycle_permille=duty_cycle_permille,
        max_eirp_dbm=max_eirp_dbm,
    )


EU868: Final = Region(
    name="EU868",
    data_rates=(*DR0_TO_DR7, None, None, None, None),  # DR8 to DR11 are LR-FHSS
    default_channels=channels(868_100_000, 868_300_000, 868_500_000),
    join_channels=channels(868_100_000, 868_300_000, 868_500_000),
    cf_list_hz=(867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000),
    rx1_data_rates=slower_by_offset((0, 1, 2, 3, 4, 5)) + ((),) * 4,
    rx2_frequency_hz=869_525_000,
    rx2_data_rate=0,
    max_payloads=(51, 51, 51, 115, 242, 242, 242, 242, 50, 115, 50, 115),
    max_payloads_repeater=(51, 51, 51, 115, 222, 222, 222, 222, 50, 115, 50, 115),
    highest_adr_data_rate=5,
    sub_bands=(
        _band("K", 863_000_000, 865_000_000, 1, 16),  # 25 mW ERP are 16.1 dBm EIRP, whole decibels are kept
        _band("L", 865_000_000, 868_000_000, 10, 16),
        _band("M", 868_000_000, 868_600_000, 10, 16),
        _band("N", 868_700_000, 869_200_000, 1, 16),
        _band("P", 869_400_000, 869_650_000, 100, 29),  # 500 mW ERP
        _band("P2", 869_700_000, 870_000_000, 1000, 9),  # 5 mW ERP
        _band("Q", 869_700_000, 870_000_000, 10, 16),
    ),
    max_eirp_dbm=16,
    tx_power_steps=7,
)
