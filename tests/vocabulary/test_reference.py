"""The reference page is what the code says today."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_page_of_quantities_is_generated_from_the_code_of_today() -> None:
    render = runpy.run_path(str(ROOT / "scripts" / "generate_quantities.py"))["render"]

    page = (ROOT / "docs" / "reference" / "quantities.md").read_text(encoding="utf-8")

    assert page == render(), "run scripts/generate_quantities.py"
