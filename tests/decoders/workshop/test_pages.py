"""docs/decoders/ is what the catalogue says today, and pages that anybody can read without the internet."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from decoders.registry import Registry
from decoders.workshop.pages import index, vendor
from decoders.workshop.pages.entry import entry, gather, house, is_own
from decoders.workshop.pages.frame import asset
from tests.decoders.test_registry import load, put
from tests.decoders.workshop.html_rules import Page, contrast

ROOT = Path(__file__).parent.parent.parent.parent
FOLDER = ROOT / "docs" / "decoders"
AA = 4.5  # WCAG 2.2, 1.4.3: text of any size
TABLE = """# Acme TH-1: T T
description: Acme TH-1, <air> & temperature
source: https://example.org/th-1
licence: MIT
fields:
  - {name: temperature, type: s16, div: 10, reading: {quantity: air_temperature, unit: Cel, channel: outer}}
"""
VECTORS = """f_port: 2
vectors:
  - {name: mild, payload: "00EA", readings: [], source: octets built by hand from the drawing, licence: MIT}
"""


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "generate_decoders.py"))


@pytest.fixture(scope="module")
def pages(script: dict[str, Any]) -> dict[Path, str]:
    made: dict[Path, str] = script["pages"]()
    return made


@pytest.fixture(scope="module")
def read(pages: dict[Path, str]) -> dict[str, Page]:
    return {path.name: Page(text) for path, text in pages.items() if path.suffix == ".html"}


def test_the_pages_are_generated_from_the_catalogue_of_today(script: dict[str, Any], pages: dict[Path, str]) -> None:
    stale = [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]

    assert "index.json" in {path.name for path in pages}  # the catalogue's
    assert stale == [], "run scripts/generate_decoders.py"
    assert script["left_over"](pages) == []


def test_the_pages_are_well_formed(read: dict[str, Page]) -> None:
    assert {name: page.problems for name, page in read.items() if page.problems} == {}


def test_the_pages_load_nothing_from_anywhere(read: dict[str, Page]) -> None:
    assert {name: page.loaded for name, page in read.items() if page.loaded} == {}


def test_every_link_within_the_pages_leads_somewhere(read: dict[str, Page]) -> None:
    for name, page in read.items():
        for link in page.links:
            path, _, place = link.partition("#")
            if path.startswith(("http://", "https://")):
                continue
            target = path or name
            assert target in read or (FOLDER / target).resolve().is_file(), f"{name}: {link}"
            assert not place or place in read[target].ids, f"{name}: {link}"


def test_every_model_is_in_the_list_and_has_its_section(read: dict[str, Page]) -> None:
    names = Registry.load(entry_points=False).names()

    for name in names:
        maker, model = name.split("/")
        assert f"{maker}.html#{model}" in read["index.html"].links
        assert model in read[f"{maker}.html"].ids


def test_the_pages_are_small(pages: dict[Path, str]) -> None:
    sizes = {path.name: len(text.encode()) for path, text in pages.items()}

    assert sizes["index.html"] < 300_000
    assert sum(sizes.values()) < 3_000_000


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_enough_contrast_in_both_schemes(scheme: int) -> None:
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", re.findall(r":root\{([^}]*)\}", asset("page.css"))[scheme]))

    for text in ("ink", "quiet", "link"):
        assert contrast(colours[text], colours["paper"]) >= AA
    for ground in ("shade", "key", "value"):
        assert contrast(colours["ink"], colours[ground]) >= AA
    assert contrast(colours["quiet"], colours["shade"]) >= AA
    assert contrast(colours["on-mark"], colours["mark"]) >= AA


# ── a model's section ──


def test_a_section_says_what_the_file_and_its_vectors_say(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1.vectors.yaml", VECTORS)
    put(tmp_path, "acme/th-1.commands.py", 'from decoders.commands import fixed, told\nfrom decoders.contract import Encoded\n'
        'def encode(command): return Encoded(3, told({"reboot": fixed(b"\\xff")}, command))\n')  # fmt: skip

    one = entry(load(tmp_path), "acme/th-1")
    page = Page(vendor.render([one]))

    assert page.problems == []
    assert "TH-1 <air> & temperature" in page.text
    assert "air temperature °C : outer" in page.text
    assert "Acme TH-1: T T" in page.text
    assert "00 ea temperature" in page.text
    assert "air temperature 23.4 °C outer" in page.text
    assert "brygga decoder try acme/th-1 --port 2 00ea" in page.text
    assert "What may be told to it reboot" in page.text
    assert "1 payload, our own: octets built by hand from the drawing" in page.text
    assert (
        "No payload that others published was found: it is proved by octets built from the drawn format." in page.text
    )
    assert "https://example.org/th-1" in page.links


def test_a_model_that_sends_what_another_sends_says_so(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-2.yaml", "same_as: elsys/ers\ndescription: Acme TH-2, air\nquantities: [co2]\n")

    page = Page(vendor.render([entry(load(tmp_path), "acme/th-2")]))

    assert "It sends what elsys/ers sends." in page.text
    assert "By the payloads of elsys/ers" in page.text
    assert "elsys.html#ers" in page.links
    assert "air temperature" not in page.text


def test_octets_that_a_checksum_ties_together_are_one_box() -> None:
    page = Page(vendor.render([entry(Registry.load(entry_points=False), "sensecap/sensecap-air-th")]))

    assert "A checksum or a compression ties them together" in page.text


def test_a_row_of_the_list_says_what_a_city_asks_first(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1.vectors.yaml", VECTORS)

    page = Page(index.render([entry(load(tmp_path), "acme/th-1")]))

    assert "Acme TH-1 <air> & temperature air temperature (°C) table any MIT 1: own octets" in page.text


def test_models_that_do_not_load_fail_the_generation_with_all_their_names(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", "fields: [{name: a, type: u99}]")
    put(tmp_path, "acme/th-2.py", "import nothing_of_that_name")
    put(tmp_path, "acme/th-3.yaml", TABLE)
    put(tmp_path, "acme/th-3.vectors.yaml", "vectors: [{name: x, paylod: 00}]")

    with pytest.raises(ValueError, match=r"acme/th-1: (.|\n)*acme/th-2: (.|\n)*acme/th-3: "):
        gather(load(tmp_path))


def test_the_example_is_the_payload_that_says_most_and_of_others_where_there_are_some(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    foreign = '  - {name: cold, payload: "FF00", source: "acme/codecs, th-1.js", licence: MIT}\n'
    put(tmp_path, "acme/th-1.vectors.yaml", VECTORS + foreign)

    example = entry(load(tmp_path), "acme/th-1").example

    assert example is not None
    assert example.payload.data == b"\xff\x00"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("TheThingsNetwork/lorawan-devices, vendor/elsys/ers-codec.yaml", "TheThingsNetwork"),
        ("octets built by hand from the format drawn in the decoder", "own octets"),
        ("octets built by hand, decoded by the vendor's own decoder (Milesight-IoT/SensorDecoders)", "Milesight-IoT"),
        ("SenseCAP S2120 user guide, section 10.3", "SenseCAP S2120 user guide"),
    ],
)
def test_who_made_a_vector_is_said_short(source: str, said: str) -> None:
    assert house(source) == said
    assert is_own(source) is (said == "own octets")
