"""Every model of the catalogue says something that its decoder reads; where it has an encoder, what its surroundings are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from decoders.contract import Decoded, Payload, Reading
from decoders.registry import Registry
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert
from simulators.sensors import MODELS, Spoken
from simulators.values import PROCESSES, Means, Moment, Place, Setting, Utterances, process
from simulators.values.layouts import LAYOUTS
from simulators.values.phrases import LONGEST, Phrase, Slot
from simulators.values.processes import World
from tests.decoders.catalogue import REGISTRY

UTTERANCES = Utterances(REGISTRY)
MOMENTS = [
    Moment.of(datetime(2026, month, 3 + month, hour, 17, tzinfo=UTC), uplinks)
    for month, hour, uplinks in ((1, 2, 5), (4, 8, 900), (7, 13, 4000), (11, 17, 9000))
]
PLACE = Place(seed=11, device="a device", setting=Setting.OFFICE)
WORLD = World.around(PLACE)
VENDORS = sorted({name.split("/")[0] for name in REGISTRY.names()})
LAST_STEP = 0.505  # of a step: what rounding takes


def decoded(model: str, spoken: Spoken, now: Moment) -> Decoded:
    received_at = datetime.fromtimestamp(now.seconds, UTC)
    return REGISTRY.get(model).decode(Payload(spoken.payload, spoken.f_port, received_at))


def models(vendor: str, *means: Means) -> list[str]:
    """Return a vendor's models whose payloads are made so."""
    names = [name for name in REGISTRY.names() if name.startswith(f"{vendor}/")]
    return [name for name in names if UTTERANCES.means(name) in means]


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_model_says_what_its_decoder_reads_again_and_again(vendor: str) -> None:
    for model in models(vendor, *Means):
        speak, again = UTTERANCES.of(model, PLACE), UTTERANCES.of(model, PLACE)

        said = [speak(now) for now in MOMENTS]

        assert all(decoded(model, one, now).readings for one, now in zip(said, MOMENTS, strict=True)), model
        assert [again(now) for now in reversed(MOMENTS)] == said[::-1], model


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_made_of_the_surroundings_fits_the_slowest_data_rate(vendor: str) -> None:
    said = {
        model: max(len(UTTERANCES.of(model, PLACE)(now).payload) for now in MOMENTS)
        for model in models(vendor, Means.ENCODER, Means.LAYOUT)
    }

    assert {model: octets for model, octets in said.items() if octets > LONGEST} == {}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_read_of_a_table_is_what_the_surroundings_are(vendor: str) -> None:
    now = MOMENTS[2]
    for model in models(vendor, Means.ENCODER):
        phrase = UTTERANCES.phrase(model)
        assert phrase is not None
        values = [PROCESSES[slot.quantity](WORLD)(now) for slot in phrase.slots]

        readings = decoded(model, phrase.say(values), now).readings

        for place, slot in enumerate(phrase.slots):
            wanted, told = in_its_unit(slot, values[place]), readings[slot.reading].value
            near = told == wanted or abs(float(told) - wanted) <= LAST_STEP * step(model, phrase, place, values, now)
            assert near, f"{model}: {slot.quantity} is {wanted}, and {told} is read"


def in_its_unit(slot: Slot, value: float) -> float:
    canonical = QUANTITIES[slot.quantity].unit
    return convert(value, canonical, slot.unit or "1") if canonical and not isinstance(value, bool) else value


def step(model: str, phrase: Phrase, place: int, values: list[float], now: Moment) -> float:
    """Return how far the next value is that a device can state; the larger of the two around a value."""
    here = decoded(model, phrase.say(values), now).readings[phrase.slots[place].reading].value
    found = [
        abs(float(one) - float(here))
        for sign in (1, -1)
        for one in around(model, phrase, place, values, now, sign)
        if one != here
    ]
    return max(found[:2], default=0.0)


def around(
    model: str, phrase: Phrase, place: int, values: list[float], now: Moment, sign: int
) -> Iterator[float | str]:
    """Yield what is read of values further and further off, until it changes."""
    value = values[place]
    here = decoded(model, phrase.say(values), now).readings[phrase.slots[place].reading].value
    for doubling in range(-12, 6):
        moved = [*values[:place], value + sign * max(abs(value), 1.0) * 2.0**doubling / 8, *values[place + 1 :]]
        there = decoded(model, phrase.say(moved), now).readings[phrase.slots[place].reading].value
        if there != here:
            yield there
            return


def test_most_of_the_tables_say_what_their_surroundings_are() -> None:
    means = Counter(UTTERANCES.means(name) for name in REGISTRY.names())

    assert means[Means.ENCODER] >= 140
    assert means[Means.LAYOUT] == len(LAYOUTS)


def test_all_models_that_are_drawn_for_the_fleet_say_what_their_surroundings_are() -> None:
    assert [name for name in MODELS if UTTERANCES.means(name) is Means.VECTORS] == []


@pytest.mark.parametrize(
    ("model", "quantity", "resolution"),
    [
        ("adeunis/comfort", "air_temperature", 0.1),
        ("adeunis/comfort", "relative_humidity", 1),
        ("decentlab/dl-pr26", "water_temperature", 0.01),
        ("dragino/lht65", "air_temperature", 0.01),
        ("dragino/lht65", "relative_humidity", 0.1),
        ("elsys/ers", "air_temperature", 0.1),
        ("elsys/ers", "illuminance", 1),
        ("elsys/ers", "motion", 0),
        ("elsys/ers-co2", "co2", 1),
        ("elsys/ers-co2", "battery_voltage", 0.001),
        ("elsys/ers-sound", "noise_laeq", 1),
        ("quandify/cubicmeter-1-1-copper", "water_volume", 0.002),
        ("sensative/strips", "air_temperature", 0.1),
        ("sensative/strips", "door_open", 0),
        ("talkpool/oy1210", "air_temperature", 0.1),
        ("talkpool/oy1210", "co2", 1),
    ],
)
def test_what_is_read_of_a_layout_is_what_the_surroundings_are(model: str, quantity: str, resolution: float) -> None:
    speak, measured = UTTERANCES.of(model, PLACE), process(PLACE, quantity)

    for now in MOMENTS:
        reading = next(one for one in decoded(model, speak(now), now).readings if one.quantity == quantity)

        assert canonical(reading) == pytest.approx(measured(now), abs=0.51 * resolution)


def canonical(reading: Reading) -> float:
    assert not isinstance(reading.value, str)
    unit = QUANTITIES[reading.quantity].unit
    return convert(reading.value, reading.unit or "1", unit) if unit else reading.value


def test_a_value_that_a_device_cannot_say_leaves_the_rest_of_what_it_says() -> None:
    phrase = UTTERANCES.phrase("milesight/em300-th")
    assert phrase is not None
    assert [slot.quantity for slot in phrase.slots] == ["battery_level", "air_temperature", "relative_humidity"]

    said = decoded("milesight/em300-th", phrase.say([250_000.0, -12.3, 81.5]), MOMENTS[0])

    assert [one.value for one in said.readings[1:]] == [-12.3, 81.5]
    assert said.readings[0].value != 250_000.0


def test_vectors_are_drawn_by_device_and_moment() -> None:
    model = "dragino/lsn50-v2"
    assert UTTERANCES.means(model) is Means.VECTORS
    vectors = {one.payload.data for one in REGISTRY.vectors(model)}

    said = [
        [
            UTTERANCES.of(model, Place(seed=1, device=device))(Moment.of_seconds(600.0 * number, number)).payload
            for number in range(40)
        ]
        for device in ("a", "b")
    ]

    assert {*said[0]} <= vectors
    assert len({*said[0]}) > 1
    assert said[0] != said[1]


def test_a_model_that_nobody_has_is_refused_in_words() -> None:
    with pytest.raises(LookupError, match="there is no decoder 'acme/none'"):
        Utterances(Registry.load(entry_points=False)).of("acme/none", PLACE)
