"""The dashboard and the alert rules: Prometheus' own tool reads and plays them, and each metric and label in them is one that is told."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.observe.table import METRICS
from tests.observe.promtool import needs_promtool, promtool

ROOT = Path(__file__).parent.parent.parent
PROMETHEUS = ROOT / "examples" / "prometheus"
RULES, PLAY = PROMETHEUS / "brygga.rules.yml", PROMETHEUS / "brygga.rules.test.yml"
DASHBOARD = ROOT / "examples" / "grafana" / "brygga.json"
# of Prometheus itself, or of the job that scrapes
ALSO = {"up": set[str]()}
TARGET = {"job", "instance"}
# where a label may stand in PromQL: in a selector, and behind by, on, without
SELECTOR = re.compile(r"([a-z_:][a-z0-9_:]*)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!=|!~|=)")
GROUPING = re.compile(r"(?:by|on|ignoring|without)\s*\(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def queries() -> Iterator[tuple[str, str, str]]:
    """Yield where a query stands, the query, and what its lines are called."""
    for rule in rules():
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values())
    for panel in panels():
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


# ── the rules ──


@needs_promtool
def test_the_rules_are_right() -> None:
    assert f"SUCCESS: {len(rules())} rules found" in promtool("check", "rules", RULES)


@needs_promtool
def test_each_alert_is_raised_when_it_is_due_and_not_before() -> None:
    assert "SUCCESS" in promtool("test", "rules", PLAY)


def test_each_alert_is_played_raised_and_in_a_box_that_is_well() -> None:
    well, *ill = yaml.safe_load(PLAY.read_text(encoding="utf-8"))["tests"]
    raised = {one["alertname"] for test in ill for one in test["alert_rule_test"] if one.get("exp_alerts")}
    quiet = {one["alertname"] for one in well["alert_rule_test"] if not one.get("exp_alerts")}

    assert raised == quiet == {rule["alert"] for rule in rules()}


def test_each_alert_says_what_to_do_and_how_urgent_it_is() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "do"}, rule["alert"]


@needs_promtool
def test_the_configuration_of_prometheus_is_right(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "brygga.rules.yml"):
        shutil.copy(PROMETHEUS / name, tmp_path)
    for name in ("brygga.token", "brygga-ca.crt"):
        (tmp_path / name).write_text("", encoding="ascii")

    promtool("check", "config", tmp_path / "prometheus.yml")


# ── both ──


@pytest.mark.parametrize("place", [*dict.fromkeys(where for where, _, _ in queries())])
def test_each_metric_and_label_is_one_that_is_promtool(place: str) -> None:
    known = {one.sample: set(one.labels) for one in METRICS} | ALSO
    for where, query, words in queries():
        if where != place:
            continue
        bare = query.replace("$__rate_interval", "5m")
        named = set(re.findall(r"\b(?:brygga_\w+|up)\b", bare))
        assert named
        assert named <= known.keys()
        for name, inside in SELECTOR.findall(bare):
            assert set(MATCHER.findall(inside)) <= known[name] | TARGET, (name, inside)
        may = TARGET.union(*(known[name] for name in named))
        grouped = {one.strip() for inside in GROUPING.findall(bare) for one in inside.split(",")}
        shown = set(re.findall(r"\$labels\.(\w+)", words)) | set(re.findall(r"\{\{(\w+)\}\}", words))
        assert grouped | shown <= may


# ── the dashboard ──


def test_the_dashboard_is_what_its_table_makes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "generate_grafana.py"))["render"]()

    assert DASHBOARD.read_text(encoding="utf-8") == made


@needs_promtool
def test_prometheus_understands_each_query_of_the_dashboard(tmp_path: Path) -> None:
    texts = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    plain = [one.replace("$__rate_interval", "5m").replace("$", "") for one in texts]
    recorded = [{"record": f"query:{number}", "expr": one} for number, one in enumerate(plain)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8")

    assert f"SUCCESS: {len(texts)} rules found" in promtool("check", "rules", file)


def test_panels_stand_beside_each_other_and_have_names_of_their_own() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert cells.isdisjoint(mine), panel["title"]
        cells |= mine
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_each_variable_of_a_query_is_one_of_the_dashboards() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    known = {one["name"] for one in dashboard["templating"]["list"]} | {"__rate_interval"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([panel.get("targets", ()) for panel in panels()])))

    assert used == known
