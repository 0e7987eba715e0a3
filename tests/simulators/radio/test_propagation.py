"""What ways cost: formulas by their published figures, shadows by their statistics."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, stdev

import pytest

from gateway.model import eui64
from simulators.hashed import key
from simulators.radio import OULU, FreeSpace, Links, OkumuraHata, Spot, Walls, concentrator, on_the_map
from simulators.radio.propagation import LANCASTER, Propagation
from simulators.radio.shadowing import GRID_M, Shadow

BAND_HZ = 868e6
ROOF = Spot(east_m=0, north_m=0, height_m=30)


@pytest.mark.parametrize(
    ("model", "distance_m", "frequency_hz", "published_db"),
    [
        (FreeSpace(), 1000, 868e6, 91.2),  # (4 pi d / lambda) ** 2
        (FreeSpace(), 10_000, 868e6, 111.2),
        (OULU, 1000, 868e6, 128.95),  # Petäjäjärvi et al. 2015
        (OULU, 10_000, 868e6, 128.95 + 23.2),
        (LANCASTER, 40, 868e6, 127.41),  # Bor et al. 2016
        (OkumuraHata(), 1000, 900e6, 126.4),  # the line that GSM planning uses: 126.4 + 35.2 log d
        (OkumuraHata(), 10_000, 900e6, 126.4 + 35.2),
        (OkumuraHata(suburban=True), 1000, 900e6, 126.4 - 9.9),
    ],
)
def test_a_way_costs_what_is_published(
    model: Propagation, distance_m: float, frequency_hz: float, published_db: float
) -> None:
    loss_db = model.loss_db(distance_m, frequency_hz)

    assert loss_db == pytest.approx(published_db, abs=0.06)


@pytest.mark.parametrize("model", [FreeSpace(), OULU, LANCASTER, OkumuraHata(), OkumuraHata(suburban=True)])
def test_a_longer_way_costs_more(model: Propagation) -> None:
    losses = [model.loss_db(distance_m, BAND_HZ) for distance_m in range(100, 20_000, 100)]

    assert all(near < far for near, far in pairwise(losses))


def test_a_cellar_takes_more_than_a_room_and_a_room_more_than_the_street() -> None:
    spots = [Spot(east_m=800, north_m=0, indoor_db=walls.value) for walls in Walls]

    losses = [Links([concentrator(eui64("aa555a0000000001"), ROOF)], seed=1).loss_db(0, spot) for spot in spots]

    assert losses == sorted(losses)
    assert losses[-1] - losses[0] == pytest.approx(35.0)


def test_shadows_have_the_spread_that_was_measured_and_no_bias() -> None:
    shadow = Shadow(key(1, "gateway"), 7.8)

    losses = [shadow.loss_db(Spot(east_m=x * 370.0, north_m=y * 430.0)) for x in range(50) for y in range(50)]

    assert stdev(losses) == pytest.approx(7.8, rel=0.05)
    assert fmean(losses) == pytest.approx(0.0, abs=0.5)


def test_neighbours_are_in_one_shadow_and_strangers_are_not() -> None:
    shadow = Shadow(key(1, "gateway"), 7.8)
    places = [(x * 331.0, y * 577.0) for x in range(40) for y in range(40)]

    near, far = (
        [
            (shadow.loss_db(Spot(east_m=x, north_m=y)), shadow.loss_db(Spot(east_m=x + apart_m, north_m=y)))
            for x, y in places
        ]
        for apart_m in (5.0, 3 * GRID_M)
    )

    assert max(abs(one - other) for one, other in near) < 3.0
    assert fmean(one * other for one, other in far) / 7.8**2 == pytest.approx(0.0, abs=0.1)


def test_a_place_keeps_its_shadow_and_each_gateway_has_its_own() -> None:
    spot = Spot(east_m=812.0, north_m=-97.0)

    first, again, other = (Shadow(key(1, name), 7.8).loss_db(spot) for name in ("one", "one", "two"))

    assert first == again
    assert first != other


def test_a_device_that_moves_has_another_way_and_one_that_stays_the_same() -> None:
    links = Links([concentrator(eui64("aa555a0000000001"), ROOF)], seed=1)
    here, there = Spot(east_m=500, north_m=0), Spot(east_m=2500, north_m=0)

    ways = [links.of("a bus", spot) for spot in (here, Spot(east_m=500, north_m=0), there)]

    assert ways[0] == ways[1]
    assert ways[2][0][1] > ways[0][0][1]


def test_gateways_that_no_frame_can_reach_are_left_out() -> None:
    near, far = (
        concentrator(eui64(f"aa555a000000000{n}"), Spot(east_m=m, north_m=0)) for n, m in ((1, 0), (2, 90_000))
    )

    ways = Links([near, far], seed=1).of("a sensor", Spot(east_m=400, north_m=0))

    assert [number for number, _, _ in ways] == [0]


def test_places_of_a_map_are_as_far_apart_as_they_are_on_earth() -> None:
    centre = (57.70, 11.97)

    harbour, square = (on_the_map(*place, centre=centre) for place in ((57.7110, 11.9461), (57.7068, 11.9670)))

    assert harbour.distance_m(square) == pytest.approx(1327, abs=5)
