"""A whole site on virtual time: devices that join, speak and move, gateways on real UDP, the real agent, and a judge.

    outcome = run(Plan(devices=100, hours=1.0), folder)
    outcome.faults, outcome.table()

What is real: the agent with its configuration, journal and UDP source, every datagram, every octet of every frame. What is
made up: the radio waves (`ether`), the time (`simulators.jumping_time`), and the people who send downlinks and pull plugs.
"""

from simulators.site.plan import Plan
from simulators.site.report import Outcome
from simulators.site.town import run

__all__ = ["Outcome", "Plan", "run"]
