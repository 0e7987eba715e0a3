"""The channels of one device: what it was given, what it may use, and the octets that say so.

A plan is a value: each command that the device has accepted makes a new one. Regions with a fixed plan number all their
channels and only switch them; in the others a device begins with two or three and is given more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Final

from gateway.lorawan.channel_mask import MASK_BITS, MaskBlock, mask_blocks, mask_of, numbers_of, switched
from gateway.lorawan.join_accept import CF_LIST_OCTETS, frequency_cf_list
from gateway.lorawan.phy import read_uint
from gateway.lorawan.region import Channel, Region
from gateway.model import MacVersion

__all__ = ["ChannelPlan", "MaskBlock", "cf_list", "mask_blocks"]

MOST_CHANNELS: Final = 16  # of a plan that is not fixed; RP002 lets a device have more, no device has to
FREQUENCIES, MASKS = 0, 1  # CFListType
NO_MASK_CF_LIST: Final = frozenset({MacVersion.V1_0_0, MacVersion.V1_0_1, MacVersion.V1_0_2})
_CF_LIST_MASKS: Final = Struct("<5H5xB")  # ChMask of channels 0 to 79, reserved, CFListType
_FREQUENCY_STEP_HZ: Final = 100


def cf_list(region: Region, mac_version: MacVersion) -> bytes:
    """Return the CFList of a join accept: the channels that this network adds, or leaves on; b"" where there is none."""
    if region.fixed_plan:
        return b"" if mac_version in NO_MASK_CF_LIST else _mask_cf_list(region.cf_list_mask)
    return frequency_cf_list(region.cf_list_hz) if region.cf_list_hz else b""


def _mask_cf_list(enabled: Iterable[int]) -> bytes:
    numbers = frozenset(enabled)
    masks = (mask_of(numbers, first) for first in range(0, 5 * MASK_BITS, MASK_BITS))
    return _CF_LIST_MASKS.pack(*masks, MASKS)


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """The channels of one device by number, None where there is none, and which of them it may use."""

    region: Region
    channels: tuple[Channel | None, ...]
    enabled: frozenset[int]

    @classmethod
    def default(cls, region: Region) -> ChannelPlan:
        """Return what a device has before it joins."""
        return cls(region, region.default_channels, frozenset(range(len(region.default_channels))))

    @classmethod
    def joined(cls, region: Region, cf_list: bytes = b"") -> ChannelPlan:
        """Return what a device has after a join accept; a CFList of a kind that the region does not have changes nothing."""
        plan = cls.default(region)
        if len(cf_list) != CF_LIST_OCTETS or cf_list[-1] != (MASKS if region.fixed_plan else FREQUENCIES):
            return plan
        if region.fixed_plan:
            return replace(plan, enabled=_masked_channels(cf_list) & plan.defined)
        for place, frequency_hz in enumerate(_frequencies(cf_list)):
            if frequency_hz:
                plan = plan.with_channel(len(region.default_channels) + place, frequency_hz)
        return plan

    @property
    def defined(self) -> frozenset[int]:
        """The numbers of the channels that there are."""
        return frozenset(number for number, channel in enumerate(self.channels) if channel is not None)

    def carries(self, data_rate: int) -> bool:
        """Return whether an enabled channel carries a data rate: else a LinkADRReq for it is refused."""
        return any(channel.carries(data_rate) for number, channel in self._existing() if number in self.enabled)

    def tx_ch(self, frequency_hz: int, data_rate: int) -> int | None:
        """Return the number of the channel of an uplink (TxCh of 1.1); None: the device has none on this frequency.

        Of several on one frequency the first that is enabled and carries the data rate.
        """
        there = {number: channel for number, channel in self._existing() if channel.frequency_hz == frequency_hz}
        return max(there, key=lambda one: (one in self.enabled, there[one].carries(data_rate)), default=None)

    def rx1_frequency_hz(self, uplink_hz: int, data_rate: int) -> int | None:
        """Return where RX1 is after an uplink; None where a fixed plan has no such channel."""
        number = self.tx_ch(uplink_hz, data_rate)
        channel = None if number is None else self.channels[number]
        if channel is not None and channel.downlink_hz is not None:
            return channel.downlink_hz
        return self.region.rx1_frequency_hz(uplink_hz)

    def with_channel(
        self, number: int, frequency_hz: int, lowest_data_rate: int = 0, highest_data_rate: int = 5
    ) -> ChannelPlan:
        """Return the plan after a NewChannelReq, 0 Hz takes the channel away; ValueError where a device must refuse it."""
        self._check_number(number, first=len(self.region.default_channels))
        if frequency_hz == 0:
            return replace(self, channels=self._with(number, None), enabled=self.enabled - {number})
        self._check_frequency(frequency_hz)
        self._check_data_rates(lowest_data_rate, highest_data_rate)
        channel = Channel(frequency_hz, lowest_data_rate, highest_data_rate)
        return replace(self, channels=self._with(number, channel), enabled=self.enabled | {number})

    def with_downlink(self, number: int, frequency_hz: int) -> ChannelPlan:
        """Return the plan after a DlChannelReq; ValueError where a device must refuse it."""
        self._check_number(number, first=0)
        self._check_frequency(frequency_hz)
        channel = self.channels[number] if number < len(self.channels) else None
        if channel is None:
            raise ValueError(f"{self.region.name}: channel {number} has no uplink frequency; the device has {self}")
        downlink_hz = None if frequency_hz == channel.frequency_hz else frequency_hz
        return replace(self, channels=self._with(number, replace(channel, downlink_hz=downlink_hz)))

    def masked(self, blocks: Sequence[MaskBlock]) -> ChannelPlan:
        """Return the plan after the LinkADRReqs of one frame; ValueError where a device must refuse their masks."""
        enabled = self.enabled
        for block in blocks:
            enabled = switched(self.region, block, enabled, self.defined)
        if not enabled:
            raise ValueError(f"{self.region.name}: the masks {[*blocks]} leave no channel on")
        if unknown := enabled - self.defined:
            raise ValueError(f"{self.region.name}: the masks switch on {sorted(unknown)}, the device has {self}")
        return replace(self, enabled=enabled)

    def __str__(self) -> str:
        return f"channels {', '.join(map(str, sorted(self.defined)))}"

    def _existing(self) -> list[tuple[int, Channel]]:
        return [(number, channel) for number, channel in enumerate(self.channels) if channel is not None]

    def _with(self, number: int, channel: Channel | None) -> tuple[Channel | None, ...]:
        room = self.channels + (None,) * (number + 1 - len(self.channels))
        return (*room[:number], channel, *room[number + 1 :])

    def _check_number(self, number: int, *, first: int) -> None:
        if self.region.fixed_plan:
            raise ValueError(f"{self.region.name} has a fixed plan: its channels are switched by masks, never changed")
        if not first <= number < MOST_CHANNELS:
            raise ValueError(f"{self.region.name}: channel {number} is none of {first} to {MOST_CHANNELS - 1}")

    def _check_frequency(self, frequency_hz: int) -> None:
        if self.region.sub_band(frequency_hz) is None or frequency_hz % _FREQUENCY_STEP_HZ:
            raise ValueError(
                f"{self.region.name}: {frequency_hz} Hz is outside of its sub-bands or between steps of 100 Hz"
            )

    def _check_data_rates(self, lowest: int, highest: int) -> None:
        if lowest > highest or not {lowest, highest} <= {*self.region.uplink_data_rates}:
            raise ValueError(
                f"{self.region.name}: DR{lowest} to DR{highest} is no range of its data rates, "
                f"DR{self.region.uplink_data_rates[0]} to DR{self.region.uplink_data_rates[-1]}"
            )


def _masked_channels(cf_list: bytes) -> frozenset[int]:
    *masks, _ = _CF_LIST_MASKS.unpack(cf_list)
    return frozenset().union(*(numbers_of(mask, MASK_BITS * place) for place, mask in enumerate(masks)))


def _frequencies(cf_list: bytes) -> Iterator[int]:
    """Yield the five frequencies, 0 Hz where a place is empty: the numbers of the channels behind it stay."""
    for place in range(0, CF_LIST_OCTETS - 1, 3):
        yield _FREQUENCY_STEP_HZ * read_uint(cf_list[place : place + 3])
