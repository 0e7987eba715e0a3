"""The commands about sources: what is asked, what is said."""

from __future__ import annotations

import argparse

from gateway.commands import lines
from gateway.commands.network import Ask, Deed, as_json


def _list(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_source
    from gateway.commands.listing import terminal_width
    from gateway.commands.source_test import listed

    answer = listed(options, ask)
    if options.json:
        return as_json(answer)
    lines.say("\n".join(show_source.listed(answer, terminal_width())))
    return 0


def _test(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_source_test
    from gateway.commands.source_test import reported

    report = reported(options)
    if options.json:
        as_json(report)
    else:
        show_source_test.said(report)
    return 0 if report["arrives"] else 1


DEEDS: dict[str, Deed] = {"source list": _list, "source test": _test}
