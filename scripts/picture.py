"""Draw docs/demo.svg: the demo's live view at the end of its outage, as a real run showed it.

.venv/bin/python scripts/picture.py [FILE.svg]
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI

from simulators.demo.story import Script, perform
from simulators.demo.tale import GONE, Moment
from simulators.demo.view import picture
from simulators.platforms.ngsi_ld import NgsiLdReceiver

COLUMNS, ROWS = 114, 37
COLUMN_PX = 12.2  # as rich's template has it
FONT_PX = 20.3  # its columns are those of Fira Code; DejaVu, Liberation and Menlo fill them at this size
BLANK = "&#160;"
RUN = re.compile(
    r'<text (?P<style>class="demo-r\d+") x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+"(?P<more>[^>]*)>'
    r"(?P<before>(?:&#160;)*)(?P<text>.*?)(?:&#160;)*</text>"
)
SVG = Path(__file__).parent.parent / "docs" / "demo.svg"


class Photographer:
    """Keeps the last moment of the outage."""

    def __init__(self) -> None:
        self.moment: Moment | None = None

    def draw(self, moment: Moment) -> None:
        """Look, and remember it if it is one to show."""
        if moment.phase is GONE:
            self.moment = moment


def photograph() -> Moment:
    """Play the demo once; raises SystemExit when it was not a good run."""
    photographer = Photographer()

    @contextlib.contextmanager
    def shown(_: Console) -> Iterator[Photographer]:
        yield photographer

    verdict = asyncio.run(perform(Script(), Console(), NgsiLdReceiver(), shown=shown))
    if not verdict.good or photographer.moment is None:
        raise SystemExit("no picture: the run was not good")
    return photographer.moment


def svg_of(moment: Moment) -> str:
    """Return the picture in the viewer's own monospaced font, so that nothing is loaded from elsewhere."""
    console = Console(width=COLUMNS, height=ROWS, record=True, file=io.StringIO(), color_system="truecolor")
    console.print(picture(moment, COLUMNS, ROWS))
    template = re.sub(r"\s*@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="brygga demo", theme=MONOKAI, code_format=template, unique_id="demo")
    return RUN.sub(_placed, svg).replace("font-size: 20px", f"font-size: {FONT_PX}px")


def _placed(run: re.Match[str]) -> str:
    """Say the blanks around a run of text by its place: librsvg trims them, and browsers do not mind."""
    x, y, more, before, text = float(run["x"]), run["y"], run["more"], run["before"], run["text"]
    blanks, length = before.count(BLANK), len(html.unescape(text))
    if not text:
        return ""
    place = f'x="{x + blanks * COLUMN_PX:g}" y="{y}" textLength="{length * COLUMN_PX:g}"'
    return f"<text {run['style']} {place}{more}>{text}</text>"


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SVG
    target.write_text(svg_of(photograph()), encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
