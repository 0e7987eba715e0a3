"""What becomes of an uplink by the platform's answer, and how that is said. A test holds each kind's file against its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.cities.profile import HTTP, MQTT, Said

SILENCE: Final = "silence"  # sent, and no answer
Status = int | str  # an HTTP status, a PUBACK's reason code, or SILENCE
Fates = Mapping[str, Sequence[Status]]  # by the words of FATES

FATES: Final[Mapping[str, Said]] = {
    "again": Said(
        "tried again for as long as it takes, with growing pauses; nothing is lost.",
        "försöks igen så länge det behövs, med växande pauser; inget går förlorat.",
    ),
    "refused": Said(
        "that uplink becomes a dead letter with the platform's words, the rest goes on.",
        "den mätningen läggs åt sidan med plattformens svar, resten går vidare.",
    ),
    "tries": Said(
        "of the uplink or of the platform, nobody can tell: a few tries while others are taken, then a dead letter.",
        "beror på mätningen eller på plattformen, ingen vet vilket: några försök medan andra tas emot, sedan åt sidan.",
    ),
    "delivered": Said("counts as delivered: it is there already.", "räknas som levererad: den finns redan där."),
}
AWAY: Final = Said("No connection", "Ingen förbindelse")
QUIET: Final = Said("no answer", "inget svar")
RETRY_AFTER: Final = Said("Retry-After is kept to.", "Retry-After respekteras.")
CANNOT_REFUSE: Final = Said(
    "MQTT 3.1.1 has no reason codes: what a broker drops there looks delivered.",
    "MQTT 3.1.1 har inga orsakskoder: det som en broker kastar där ser levererat ut.",
)


def sentences(fates: Mapping[str, Fates]) -> Iterator[Said]:
    """Yield what a person reads of ``fates``, by way, in both languages."""
    for way, by_fate in fates.items():
        for fate, words in FATES.items():
            if statuses := by_fate.get(fate):
                yield _sentence(way, statuses, words, is_again=fate == "again")
    if HTTP in fates:
        yield RETRY_AFTER
    if any(status != SILENCE for by_fate in [fates.get(MQTT, {})] for each in by_fate.values() for status in each):
        yield CANNOT_REFUSE


def _sentence(way: str, statuses: Sequence[Status], words: Said, *, is_again: bool) -> Said:
    codes = [f"{one}" if way == HTTP else f"0x{one:02X}" for one in statuses if isinstance(one, int)]
    before = "HTTP" if way == HTTP else "PUBACK"
    said = []
    for away, quiet, word in ((AWAY.en, QUIET.en, "and"), (AWAY.sv, QUIET.sv, "och")):
        parts = [away] if is_again else []
        parts += [f"{before} {codes[0]}", *codes[1:]] if codes else []
        parts += [quiet] if SILENCE in statuses else []
        said.append(_joined(parts, word))
    en, sv = (one[:1].upper() + one[1:] for one in said)
    return Said(f"{en}: {words.en}", f"{sv}: {words.sv}")


def _joined(parts: Sequence[str], word: str) -> str:
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else parts[0]
