"""How answers about the box are read: each returns the answer as it is kept, or raises NotRight. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway.lorawan.region import REGIONS
from gateway.model import Place
from gateway.setup import radios
from gateway.setup.asking import Known, NotRight, all_chosen
from gateway.web.passwords import LONGEST, SHORTEST, problem_of

NAME_LIMIT: Final = 64  # characters, as gateway.name
SERVICE_DATA: Final = "/var/lib/brygga"


def radio(text: str, known: Known) -> str:
    """Read which of the radios are meant."""
    keys = all_chosen(text, radios.options(known))
    if "none" in keys.split() and keys != "none":
        raise NotRight("none, or some: not both", "ingen, eller några: inte båda")
    if set(keys.split()) >= radios.OF_SERVERS:  # one address and one password are asked for
        raise NotRight(
            "one network server at a time; brygga init adds the other one later",
            "en nätserver åt gången; brygga init lägger till den andra sedan",
        )
    return keys


def frequency(text: str, _: Known) -> str:
    """Read a frequency in megahertz or hertz; hertz are kept."""
    try:
        number = float(re.sub(r"[_\s]|MHz", "", text).replace(",", "."))
        hertz = round(number * 1e6) if number < 10_000 else round(number)
    except (ValueError, OverflowError):  # "nan" and "inf" are floats
        hertz = 0
    if not 137_000_000 <= hertz <= 1_020_000_000:
        raise NotRight(f"{text!r}: a frequency such as 868.1 is right", f"{text!r}: en frekvens som 868,1 är rätt")
    return str(hertz)


def spreading_factor(text: str, _: Known) -> str:
    """Read "7" or "SF7"."""
    plain = text.upper().removeprefix("SF")
    if plain not in {"7", "8", "9", "10", "11", "12"}:
        raise NotRight(f"{text!r}: 7 to 12 is right", f"{text!r}: 7 till 12 är rätt")
    return plain


def name(text: str, _: Known) -> str:
    """Read what the gateway is called."""
    if not text or not text.isprintable() or len(text) > NAME_LIMIT:
        raise NotRight(f"1 to {NAME_LIMIT} characters are right", f"1 till {NAME_LIMIT} tecken är rätt")
    return text


def place_of(text: str) -> Place | None:
    """Return the place that "57.70887, 11.97456, 12" says, with a point or a comma in its numbers; ValueError where it says none."""
    if not text:
        return None
    numbers = re.findall(r"[-+]?\d+(?:[.,]\d+)?", text)
    if re.sub(r"[-+\d.,;°m\s]", "", text) or len(numbers) not in {2, 3}:
        raise ValueError(text)
    latitude, longitude, *height = (float(one.replace(",", ".")) for one in numbers)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or any(not -500 <= one <= 10_000 for one in height):
        raise ValueError(text)
    return Place(latitude, longitude, height[0] if height else None)


def place_words(there: Place | None) -> str:
    """Return a place as it is typed."""
    if there is None:
        return ""
    height = "" if there.altitude_m is None else f", {there.altitude_m:g}"
    return f"{there.latitude:.5f}, {there.longitude:.5f}{height}"


def place(text: str, _: Known) -> str:
    """Read a place, or nothing."""
    try:
        return place_words(place_of(text))
    except ValueError:
        raise NotRight(
            f"{text!r}: degrees north and east are right, such as 57.70887, 11.97456",
            f"{text!r}: grader nord och ost är rätt, som 57.70887, 11.97456",
        ) from None


def region(text: str, _: Known) -> str:
    """Read a region, with or without its dash."""
    fitting = [one for one in REGIONS if one.replace("-", "") == text.upper().replace("-", "")]
    if not fitting:
        raise NotRight(f"{text!r}: one of {', '.join(REGIONS)} is right", f"{text!r}: något av {', '.join(REGIONS)}")
    return fitting[0]


def password(text: str, _: Known) -> str:
    """Read the dashboard's password."""
    if problem := problem_of(text):
        raise NotRight(problem, f"{SHORTEST} till {LONGEST} tecken är rätt; några ord är bättre än några tecken")
    return text


def folder(text: str, _: Known) -> str:
    """Read a folder's path."""
    if not text or "\0" in text or "~" in text:
        raise NotRight(f"{text!r}: a folder such as {SERVICE_DATA}", f"{text!r}: en mapp som {SERVICE_DATA}")
    return text
