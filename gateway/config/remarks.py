"""What a person may want to know of a configuration that is right: which files were read, and which profiles are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.cities.layers import FILE
from gateway.config.cities import Cities, Located
from gateway.config.credentials import credential
from gateway.config.destination import keys_of
from gateway.config.fragments import Document
from gateway.config.whole import Sections


def notes(sections: Sections, document: Document, folder: Path) -> Iterator[str]:
    """Yield what a person may want to know: which files were read where there are several, which files are credentials."""
    if len(document.files) > 1:
        shown = ", then ".join(file.shown for file in document.files)
        yield Located(f"read {shown}; what is read later wins")
    for section in (*sections.single.values(), *sections.sources, *sections.relays, *sections.destinations):
        for key, value in section.table.items():
            if not key.endswith(FILE) or not isinstance(value, str):
                continue
            if (where := credential(folder / value, folder)) is not None:
                yield f"{section.place}.{key}: {Path(value).name} is the credential {where}"


def of_nobody(sections: Sections, cities: Cities) -> Iterator[str]:
    """Yield the cities that no profile is known of."""
    for section in sections.destinations:
        city = keys_of(section).city
        if city is not None and city not in cities.catalogue.profiles:
            format_ = keys_of(section).format
            yield (
                f"{section.place}.city: nobody has sent in a profile of {city!r}: as of any unknown city it is the generic "
                f"one ({format_}); `brygga city new {city}` writes one"
            )


def unused(sections: Sections, cities: Cities) -> Iterator[Located]:
    """Yield what is wrong with profiles that nobody uses: those of connected cities have been told of."""
    if any(keys_of(section).city is not None for section in sections.destinations):
        for city, problems in cities.catalogue.wrong.items():
            yield from (Located(f"{one}; nothing here uses it") for one in problems if city not in cities.connected)
