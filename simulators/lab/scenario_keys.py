"""The keys of a scenario: what a person may write, what it means, and what holds when it is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import City, Duration, Name, OptionalText, Shown, Truth
from simulators.lab.scenario_values import (
    At,
    Begins,
    Count,
    Counted,
    DataRateNumber,
    Decibel,
    GatewayType,
    Hertz,
    Kind,
    Metres,
    Milliseconds,
    Names,
    OptionalShare,
    Seconds,
    Setting,
    Share,
    Spans,
    SpreadingFactor,
    Walls,
    Watched,
    Where,
)

Activation = Annotated[Literal["otaa", "abp"], Shown('"otaa" or "abp"')]
MacVersion = Annotated[
    Literal["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1"], Shown('a version from "1.0.0" to "1.0.4", or "1.1"')
]
DeviceClass = Annotated[Literal["A", "C"], Shown('"A" or "C"')]
Propagation = Annotated[
    Literal["oulu", "oulu_water", "lancaster", "hata_urban", "hata_suburban", "free_space"],
    Shown('"oulu", "oulu_water", "lancaster", "hata_urban", "hata_suburban" or "free_space"'),
]
Way = Annotated[Literal["http", "mqtt"] | None, Shown('"http" or "mqtt"')]
Trouble = Annotated[
    Literal[
        "backhaul out",
        "broker busy",
        "broker refuses",
        "broker stalls",
        "clock jumps",
        "power cut",
        "gateway off",
        "radio noise",
    ],
    Shown(
        '"backhaul out", "broker busy", "broker refuses", "broker stalls", "clock jumps", "power cut", "gateway off" or "radio noise"'
    ),
]
Mischiefs = Annotated[
    list[Literal["replay", "flood", "malformed", "wrong keys"]],
    Shown("a list of mischiefs", item='"replay", "flood", "malformed" or "wrong keys"'),
]


class ScenarioKeys(Keys):
    """The whole: what it is called, when it begins, how long it lasts."""

    name: Name = Field(description="what it is called")
    title: str = Field(default="", description="what it shows, in a line for `brygga lab list`")
    seed: int = Field(
        default=1, description="another number: the same town, and another fate; the same one gives the same report"
    )
    begins: Begins = Field(description="the wall's time at the beginning, which decides weather and habits")
    lasts: Duration = Field(description="how long devices speak")
    settles: Duration = Field(
        default=timedelta(hours=2), description="how long is waited at the most for what is under way at the end"
    )


class FleetKeys(Keys):
    """Devices of one kind."""

    name: Name = Field(description="what they are called in the report")
    models: Names = Field(description="of the decoders' catalogue (`brygga decoder list`), dealt out in turn")
    count: Count = Field(description="how many")
    activation: Activation = Field(default="otaa", description="whether they join, or are personalised")
    mac_version: MacVersion = Field(default="1.0.3", description="of LoRaWAN")
    device_class: DeviceClass = Field(default="A", description="C listens all the time")
    every: Spans = Field(default=None, description="how often each speaks; needed without `at` and `watches`")
    at: At = Field(default=None, description="once a day at this time instead, all of them")
    watches: Watched = Field(
        default=None,
        description="a quantity whose changes each tells at once, besides: a parking space, a door, a floor",
    )
    spread: Spans = Field(
        default=None,
        description="within how long after its time each speaks; without it a tenth of `every`, or a minute after `at`",
    )
    joins_within: Duration = Field(
        default=timedelta(minutes=10),
        description="how long after the beginning they are switched on, one after another",
    )
    confirmed: Share = Field(default=0.0, description="the share of uplinks that ask for an acknowledgement")
    adr: Truth = Field(default=True, description="whether they leave data rate and power to the network")
    data_rate: DataRateNumber = Field(default=None, description="which one they begin with; without it 5, the fastest")
    where: Where = Field(description="the middle of where they are")
    radius_m: Metres = Field(default=1000.0, description="how far from there the farthest is")
    height_m: Metres = Field(default=1.5, description="above the ground")
    walls: Walls = Field(default="outdoors", description="what the signal has to go through besides")
    setting: Setting = Field(default="outdoors", description="what surrounds them, and so what they measure")
    platforms: Names = Field(default=[], description="who gets what they say; without it every platform")
    answered_by: OptionalText = Field(
        default=None, description="the relay whose network server joins and answers them; without it the agent does"
    )


class GatewayKeys(Keys):
    """A gateway, which speaks to the one agent of the scenario."""

    name: Name = Field(description="what it is called in the report")
    type: GatewayType = Field(default="semtech_udp", description="the protocol that it speaks, a type of source")
    where: Where = Field(description="its antenna's place")
    height_m: Metres = Field(default=25.0, description="above the ground")
    frequency_hz: Hertz = Field(default=868_100_000, description="of a `serial_modem`: the one channel that it hears")
    spreading_factor: SpreadingFactor = Field(default=7, description="of a `serial_modem`: the one that it hears")
    antenna_dbi: Annotated[float, Field(ge=-30, le=30), Shown("a number of dBi from -30 to 30")] = Field(
        default=3.0, description="gain, the cable's loss taken off"
    )
    delay_ms: Milliseconds = Field(default=30.0, description="the longest that a datagram is on its way to the agent")


class RelayKeys(Keys):
    """A network server beside the agent, to which the agent's relay passes on what gateways hear; fleets say `answered_by`."""

    name: Name = Field(description="what the relay is called in `brygga.toml`, and the server in the report")


class RadioKeys(Keys):
    """What the air does."""

    propagation: Propagation = Field(
        default="oulu", description="the formula of path loss; `oulu` was measured in a Nordic town"
    )
    shadowing_db: Decibel = Field(
        default=None, description="how much links depart from it; without it as measured along with the formula"
    )
    capture: Truth = Field(default=True, description="whether the stronger of two frames survives")
    orthogonal: Truth = Field(default=True, description="whether spreading factors leave each other alone")


class PlatformKeys(Keys):
    """A city's platform, within this process, strict in what it takes."""

    name: Name = Field(description="the city, as in the report and as the destination's name")
    kind: Kind = Field(description="what it speaks, as `brygga simulate platform` has it")
    way: Way = Field(
        default=None, description="over what it is told, where its kind has two ways in; without it the usual one"
    )
    city: City = Field(
        default=None,
        description="which city of the catalogue it is (`brygga city list`), so that its profile says how it is told: for a [[move]]",
    )
    delay_ms: Milliseconds = Field(default=40.0, description="how long the way there takes, and the way back")


class FaultKeys(Keys):
    """Something that goes wrong, once or again and again."""

    what: Trouble = Field(description="what goes wrong")
    at: At = Field(default=None, description="when; without it `every` says so")
    until: At = Field(default=None, description="until when")
    every: Spans = Field(default=None, description="again and again, the first time after so long")
    lasts: Spans = Field(default=None, description="how long, where `until` does not say so; 10 min without both")
    whom: Names = Field(default=[], description="which platforms, or gateways; without it all")
    share: Share = Field(default=1.0, description="of the requests that a broker is busy with, refuses or stalls")
    by_s: Seconds = Field(default=0.0, description="by how much the clock jumps")
    by_db: Decibel = Field(default=None, description="by how much the noise rises; without it 10")


class MoveKeys(Keys):
    """A service that moves to another city: one word in `brygga.toml`, and the agent starts again."""

    service: Name = Field(description="the platform that it is with, which has a `city`")
    to: Name = Field(description="the platform that it moves to, which has another `city`, and which no fleet names")
    at: At = Field(description="when")


class NeighbourKeys(Keys):
    """Somebody with a radio and ill will, who has heard and kept what was on the air."""

    name: Name = Field(default="neighbour", description="what it is called in the report")
    does: Mischiefs = Field(
        default=["replay", "flood", "malformed", "wrong keys"], description="what it sends, in turn"
    )
    every: Duration = Field(default=timedelta(seconds=5), description="how often")
    at: At = Field(default=None, description="from when on; without it from the beginning")
    until: At = Field(default=None, description="until when; without it to the end")
    where: Where = Field(description="its place")
    height_m: Metres = Field(default=10.0, description="of its antenna")


class PromiseKeys(Keys):
    """What must hold; where it does not, the exit code is 1."""

    lost: Annotated[int, Field(ge=0), Shown("a whole number from 0 up")] = Field(
        default=0, description="how many uplinks may be missing that were on disk, or acknowledged to their devices"
    )
    heard: OptionalShare = Field(default=None, description="the least share of the uplinks that some gateway hears")
    delivered_within: Spans = Field(default=None, description="the longest from the air to the platform")
    share: Share = Field(default=1.0, description="of the delivered ones that keep to that")
    duplicates: Counted = Field(default=None, description="how many uplinks a platform may have got twice")


SINGLE: Final[Mapping[str, type[Keys]]] = {"scenario": ScenarioKeys, "radio": RadioKeys, "promise": PromiseKeys}
LISTS: Final[Mapping[str, type[Keys]]] = {
    "fleet": FleetKeys,
    "gateway": GatewayKeys,
    "relay": RelayKeys,
    "platform": PlatformKeys,
    "fault": FaultKeys,
    "move": MoveKeys,
    "neighbour": NeighbourKeys,
}
NEEDED: Final = ("fleet", "gateway", "platform")
