"""Draws without a state: what others published, and that no order matters."""

from __future__ import annotations

from random import Random
from statistics import fmean, stdev

import pytest

from simulators.hashed import key, mixed, normal, uniform


def test_numbers_are_mixed_as_splitmix64_mixes_them() -> None:
    first_of_seed_0 = [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]  # the generator's published test vector

    assert [mixed(0, number) for number in (1, 2, 3)] == first_of_seed_0


def test_keys_tell_parts_apart() -> None:
    keys = {key(1, "ab", "c"), key(1, "a", "bc"), key(1, "abc"), key(2, "ab", "c"), key("1", "ab", "c")}

    assert len(keys) == 4  # a number and its digits are the same part


def test_draws_are_the_same_in_any_order() -> None:
    numbers = list(range(-50, 50))
    in_order = {number: normal(7, number) for number in numbers}

    Random(1).shuffle(numbers)

    assert {number: normal(7, number) for number in numbers} == in_order


def test_draws_are_distributed_as_they_should_be() -> None:
    evenly = [uniform(3, number) for number in range(20_000)]
    normally = [normal(3, number) for number in range(20_000)]

    assert min(evenly) > 0
    assert max(evenly) < 1
    assert fmean(evenly) == pytest.approx(0.5, abs=0.01)
    assert fmean(normally) == pytest.approx(0.0, abs=0.03)
    assert stdev(normally) == pytest.approx(1.0, abs=0.02)
