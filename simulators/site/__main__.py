"""Let a site live on virtual time and judge it: `python -m simulators.site --devices 1000 --hours 24`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

from simulators.site import Plan, run


def main() -> int:
    """Run and print; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="simulators.site", description=__doc__)
    for one in fields(Plan):
        assert isinstance(one.default, int | float)
        option = f"--{one.name.replace('_', '-')}"
        parser.add_argument(option, type=type(one.default), default=one.default, help=f"default {one.default:g}")
    plan = Plan(**vars(parser.parse_args()))
    logging.basicConfig(level=logging.ERROR)
    began, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="brygga-site-") as folder:
        outcome = run(plan, Path(folder))
    sys.stdout.write(outcome.table() + "\n")
    sys.stdout.write(f"\n{time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of CPU\n")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
