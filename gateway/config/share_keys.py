"""The keys of what a destination may have of an uplink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from gateway.config.section_keys import Keys
from gateway.config.values import Shown, Text, Truth
from gateway.sharing import Positions, Share, name_problem, quantity_problem

Quantities = Annotated[list[str], Shown("a list of quantities", item="a text")]


class ShareKeys(Keys):
    """What of an uplink this destination may have. Where something is withheld, the raw payload and fields are, too."""

    quantities: Quantities = Field(default=[], description="these quantities alone; none named: all of them")
    without: Quantities = Field(default=[], description="these quantities not")
    positions: Annotated[Literal["exact", "rounded", "none"], Shown('"exact", "rounded" or "none"')] = Field(
        default="exact", description="how exactly it may know where devices and gateways are"
    )
    decimals: Annotated[int, Field(ge=0, le=5), Shown("a whole number from 0 to 5")] = Field(
        default=2, description="of rounded positions, in degrees: 2 are about a kilometre, 3 a hundred metres"
    )
    name: Text = Field(
        default="{name}", description="what devices are called there; `{name}`, `{dev_eui}` and `{entity}` are put in"
    )
    entity: Text = Field(
        default="{entity}", description="what they measure is called there; where it is empty, by the DevEUI"
    )
    personal: Truth = Field(
        default=False,
        description="whether it may have what tells of persons: people counters, models that watch somebody, and meters, presence, "
        "contacts and raw fields of devices tagged `household`",
    )

    def settings(self) -> Share:
        """Return them as sharing takes them."""
        return Share(
            quantities=frozenset(self.quantities),
            without=frozenset(self.without),
            positions=Positions(self.positions),
            decimals=self.decimals,
            name=self.name,
            entity=self.entity,
            personal=self.personal,
        )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with keys that are right by their types, with the key."""
        for key, names in (("quantities", self.quantities), ("without", self.without)):
            yield from ((key, words) for name in names if (words := quantity_problem(name)))
        for key, template in (("name", self.name), ("entity", self.entity)):
            if words := name_problem(template):
                yield key, words
        if both := sorted({*self.quantities} & {*self.without}):
            yield "without", f"{both[0]!r} stands in quantities, too; one of the two is meant"
