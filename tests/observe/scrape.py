"""What a scrape brought, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_text


@dataclass(frozen=True, slots=True)
class Scrape:
    """Types by family, and values by sample and labels."""

    types: Mapping[str, str]
    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, sample: str, **labels: str) -> float:
        """Return one value; KeyError where there is none."""
        return self.values[sample, frozenset(labels.items())]

    def labels(self, sample: str) -> set[frozenset[str]]:
        """Return which names of labels the samples of a name have."""
        return {frozenset(name for name, _ in labels) for found, labels in self.values if found == sample}

    @property
    def samples(self) -> set[str]:
        """Return all names."""
        return {name for name, _ in self.values}


def scraped(text: str) -> Scrape:
    """Read either form."""
    families = [*(read_open if text.endswith("# EOF\n") else read_text)(text)]
    return Scrape(
        {family.name: family.type for family in families},
        {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples},
    )
