"""The picture of a moment, for a terminal of any size: plain tables at 80 × 24, panels and a story where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulators.demo.snapshot import CATCHING_UP, DeviceLine, Snapshot
from simulators.demo.tale import Event, Moment

ROOMY: Final = (110, 34)  # columns and rows from which on there are panels
BLOCKS: Final = " ▁▂▃▄▅▆▇█"
STYLES: Final = {"delivering": "green", "catching up": "yellow"}  # anything else is away
NARROW_MODEL: Final = 10  # columns
FRESH_S: Final = 1.0  # an uplink that is younger stands out
SMALLEST_PEAK: Final = 20  # rows that fill a bar where the backlog was never longer
TITLE: Final = "Brygga demo"
BYLINE: Final = "  sensors, radio and cities are simulated, the rest is real"


def picture(moment: Moment, columns: int, rows: int) -> RenderableType:
    """Draw ``moment``."""
    if columns >= ROOMY[0] and rows >= ROOMY[1]:
        return Group(*_panels(moment, columns, rows))
    return Group(*_lines(moment, columns))


def _lines(moment: Moment, columns: int) -> Iterator[RenderableType]:
    yield _title(moment)
    yield _phase(moment)
    yield Text()
    yield _devices(moment.snapshot.devices, columns, roomy=False)
    yield Text()
    yield Text("journal    ", style="bold") + _journal(moment.snapshot)
    yield _destinations(moment, bar=12, roomy=False)
    yield Text()
    yield _ending(moment)


def _panels(moment: Moment, columns: int, rows: int) -> Iterator[RenderableType]:
    snapshot = moment.snapshot
    yield _title(moment)
    yield Panel(_phase(moment), box=box.ROUNDED, border_style=moment.phase.style)
    yield _panel(_devices(snapshot.devices, columns - 4, roomy=True), "sensors")
    curve = Text("backlog  ", style="bold") + Text(_curve(moment.backlog, columns - 16), style="yellow")
    yield _panel(Group(_journal(snapshot), curve), "journal, on this box's disk")
    yield _panel(_destinations(moment, bar=30, roomy=True), "cities")
    room = rows - 1 - 3 - (len(snapshot.devices) + 3) - 4 - (len(snapshot.destinations) + 2) - 2 - 1
    yield _panel(_story(moment.events[-room:], room), "what happened")
    yield Text(" ") + _ending(moment)


def _ending(moment: Moment) -> Text:
    text = Text("Ctrl-C ends with a summary", style="dim", no_wrap=True)
    return text + Text(f"; in a browser: {moment.dashboard}", style="bold") if moment.dashboard else text


def _panel(content: RenderableType, title: str) -> Panel:
    return Panel(content, title=title, title_align="left", box=box.ROUNDED, border_style="dim")


def _title(moment: Moment) -> Text:
    return Text.assemble((clock(moment.at_s), "dim"), "  ", (TITLE, "bold"), (BYLINE, "dim"), no_wrap=True)


def _phase(moment: Moment) -> Text:
    return Text(f"● {moment.phase.words}", style=f"bold {moment.phase.style}", no_wrap=True, overflow="ellipsis")


# ── devices ──


def _devices(devices: Sequence[DeviceLine], columns: int, *, roomy: bool) -> Table:
    models = {one.decoder: one.decoder if roomy else one.decoder.partition("/")[2] for one in devices}
    widths = {
        "sensor": max((len(one.name) for one in devices), default=0),
        "model": max(map(len, models.values()), default=0) if roomy else NARROW_MODEL,
        "RSSI/SNR": len("-118/-11.3"),
        "rate": len("SF12BW125" if roomy else "SF12"),
        "FCnt": 4,
        "age": 4,
    }
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="bold")
    for title, width in widths.items():
        justify: JustifyMethod = "right" if title in {"RSSI/SNR", "FCnt", "age"} else "left"
        table.add_column(title, no_wrap=True, width=width, justify=justify, overflow="crop")
    table.add_column("says", no_wrap=True, ratio=1)
    room = columns - sum(widths.values()) - len(widths) - 1
    for one in devices:
        table.add_row(one.name, models[one.decoder], *_reception(one, roomy=roomy), _says(one, room))
    return table


def _reception(one: DeviceLine, *, roomy: bool) -> tuple[RenderableType, ...]:
    if one.f_cnt is None or one.rssi_dbm is None or one.age_s is None:
        return "", "", "", ""
    snr = "" if one.snr_db is None else f"/{one.snr_db:+.1f}"
    rate = one.data_rate if roomy else one.data_rate.partition("BW")[0]
    fresh = "bold green" if one.age_s < FRESH_S else ""
    return f"{one.rssi_dbm:.0f}{snr}", rate, str(one.f_cnt), Text(f"{one.age_s:.0f} s", style=fresh)


def _says(one: DeviceLine, room: int) -> Text:
    if one.f_cnt is None:
        return Text("joining …" if one.joins else "not heard yet", style="dim")
    said = ""
    for value in one.values:
        longer = f"{said}  {value}" if said else value
        if len(longer) > room:
            break
        said = longer
    return Text(said, style="bold green" if one.age_s is not None and one.age_s < FRESH_S else "")


# ── journal and cities ──


def _journal(snapshot: Snapshot) -> Text:
    match snapshot.waiting:
        case 0:
            words = "none waits for a city"
        case 1:
            words = "1 waits for a city"
        case waiting:
            words = f"{waiting} wait for a city"
    style = "bold yellow" if snapshot.waiting > CATCHING_UP else "green"
    return Text.assemble(
        (str(snapshot.on_disk), "bold"),
        f" uplink{'' if snapshot.on_disk == 1 else 's'} on disk, ",
        (words, style),
        no_wrap=True,
    )


def _destinations(moment: Moment, *, bar: int, roomy: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    justified: tuple[JustifyMethod, ...] = ("left", "left", "left", "right", "left", "right")
    for justify in justified:
        table.add_column(justify=justify, no_wrap=True)
    peak = max((*moment.backlog, SMALLEST_PEAK))
    for one in moment.snapshot.destinations:
        style = STYLES.get(one.words, "bold red")
        table.add_row(
            Text(one.name, style="bold"),
            Text(one.speaks if roomy else one.speaks.partition(",")[0], style="dim"),
            Text(f"{one.words:<14}", style=style),
            f"{one.waiting} waiting",
            Text(f"{'█' * -(-one.waiting * bar // peak):<{bar}}", style=style),
            f"{one.delivered} delivered",
        )
    return table


def _curve(backlog: Sequence[int], columns: int) -> str:
    peak = max((*backlog, SMALLEST_PEAK))
    return "".join(BLOCKS[-(-depth * (len(BLOCKS) - 1) // peak)] for depth in backlog[-columns:])


def _story(events: Sequence[Event], room: int) -> Text:
    lines = [f"{clock(event.at_s)}  {event.words}" for event in events]
    return Text("\n".join(lines + [""] * (room - len(lines))), no_wrap=True, overflow="ellipsis")


def clock(seconds: float) -> str:
    """Return a time of the story: "0:07"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
