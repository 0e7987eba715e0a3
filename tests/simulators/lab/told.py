"""A short run of the tests' town, for whoever asks what is told of one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from gateway.model import Json
from simulators.lab.page import page
from simulators.lab.report import Machine, report
from simulators.lab.run import run
from simulators.lab.scenario_file import load

TOWN = Path(__file__).with_name("town.toml")
MACHINE = Machine(seconds=1.0, cpu_seconds=1.0, peak_bytes=10**8, python="3", code="0")


@cache
def page_of_twelve_minutes() -> str:
    """Return the page of that report."""
    return page(of_twelve_minutes())


@cache
def of_twelve_minutes() -> Json:
    """Return the report of the town's first twelve minutes, under a name that needs care."""
    scenario = replace(load(TOWN).ending(720.0), name="A <b>town</b> & more")
    return report(run(scenario), MACHINE)
