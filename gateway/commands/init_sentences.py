"""What other rooms say in English, in the wizard's Swedish: their fixed sentences; what a platform or the system says stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.cities.profile import Said

STEPS: Final[Mapping[str, str]] = {  # of a destination's test
    "name": "namn",
    "connection": "förbindelse",
    "connection and TLS": "förbindelse och TLS",
    "clock": "klocka",
    "login": "inloggning",
    "delivery": "leverans",
    "reading back": "återläsning",
}
LOOK_THERE: Final = r"; se efter där om det kom fram"
SENTENCES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(english), swedish)
    for english, swedish in (
        (r"(\S+) is ([0-9a-fA-F:.]+(?:, [0-9a-fA-F:.]+)*)", r"\1 är \2"),
        (r"port (\d+) answers, without encryption", r"port \1 svarar, utan kryptering"),
        (r"port (\d+) answers, and its certificate is believed", r"port \1 svarar, certifikatet godtas"),
        (
            r"port (\d+) answers, and whoever it is, it is believed \(tls\.insecure\)",
            r"port \1 svarar, och vem det än är godtas det (tls.insecure)",
        ),
        (r"this gateway's clock and the platform's agree", r"boxens klocka och plattformens går lika"),
        (
            r"this gateway's clock is not (\w+) yet: uplinks wait for it",
            r"boxens klocka är inte \1 ännu: mätvärden väntar på den",
        ),
        (r"this gateway's clock is (\d+) minutes ahead of the platform's", r"boxens klocka går \1 minuter före plattformens"),
        (r"this gateway's clock is (\d+) hours ahead of the platform's", r"boxens klocka går \1 timmar före plattformens"),
        (r"this gateway's clock is (\d+) minutes behind the platform's", r"boxens klocka går \1 minuter efter plattformens"),
        (r"this gateway's clock is (\d+) hours behind the platform's", r"boxens klocka går \1 timmar efter plattformens"),
        (r"the platform lets us in", r"plattformen släpper in oss"),
        (r"the platform took observation (\S+) of (.+)", r"plattformen tog emot mätvärdet \1 från \2"),
        (r"this format has no word for (.+)", r"formatet har inget ord för \1"),
        (r"it is there: (.+)", r"det finns där: \1"),
        (r"(.+) is there, and without this observation", r"\1 finns där, men utan det här mätvärdet"),
        (
            r"it was taken, and this credential may not read it back \((.+)\)",
            r"det togs emot, och den här inloggningen får inte läsa tillbaka det (\1)",
        ),
        (r"this platform cannot be asked here: look there whether it arrived", r"plattformen kan inte tillfrågas här" + LOOK_THERE),
        (
            r"the broker passed it on: a subscription to (.+) heard it; what the platform makes of it it does not tell",
            r"brokern skickade det vidare: en prenumeration på \1 hörde det; vad plattformen gör av det säger den inte",
        ),
        (
            r"the broker took it, and a subscription to (.+) heard nothing in (\S+) s: .+",
            r"brokern tog emot det, men en prenumeration på \1 hörde inget på \2 s" + LOOK_THERE,
        ),
        (
            r"(\S+)\.city: nobody has sent in a profile of '(.+)': as of any unknown city it is the generic one \((\w+)\); (`.+`) writes one",
            r"\1.city: ingen har skickat in en profil för '\2': som för varje okänd stad gäller den allmänna (\3); \4 skriver en",
        ),
        (r"read (.+); what is read later wins", r"läste \1; det som läses senare gäller"),
    )
)  # fmt: skip


def both(english: str) -> Said:
    """Return what another room says in both languages: in English alone where it is no sentence that is known."""
    before, _, rest = english.partition(": ")
    found = _swedish(english) or (_swedish(rest) and f"{before}: {_swedish(rest)}")
    return Said(english, found or english)


def step_name(english: str) -> Said:
    """Return the name of a step in both languages; what kind of refusal it was stands behind it."""
    name, space, kind = english.partition(" (")
    return Said(english, f"{STEPS.get(name, name)}{space}{kind}")


def _swedish(english: str) -> str:
    matches = ((pattern.fullmatch(english), swedish) for pattern, swedish in SENTENCES)
    return next((found.expand(swedish) for found, swedish in matches if found), "")
