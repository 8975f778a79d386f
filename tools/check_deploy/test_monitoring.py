"""Alerts and dashboard speak of metrics that exist, and of runbooks that exist."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .files import (
    METRICS,
    ROOT,
    alerts,
    dashboard,
    dashboard_expressions,
    headings,
    metrics_in,
    read_yaml,
    rules,
)

ALERTS = alerts()


def test_the_list_of_metrics_is_sorted_and_names_each_once() -> None:
    """It is one list for the server, the rules and the dashboard."""
    assert sorted(set(METRICS)) == METRICS


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in rules()), *dashboard_expressions()])
def test_only_metrics_of_the_list_are_asked_for(expression: str) -> None:
    """What nobody measures raises no alert."""
    assert metrics_in(expression) <= set(METRICS)


def test_the_dashboard_shows_every_metric() -> None:
    """Nothing is measured for nobody."""
    shown = {name for expression in dashboard_expressions() for name in metrics_in(expression)}
    assert shown == set(METRICS)


def test_the_expressions_of_the_dashboard_can_be_parsed(tmp_path: Path, promtool: str) -> None:
    """Written as rules, Prometheus' own tool reads them."""
    recorded = [{"record": f"panel:{i}", "expr": text} for i, text in enumerate(dashboard_expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert f"SUCCESS: {len(recorded)} rules found" in done.stdout, done.stdout + done.stderr


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    """Grafana takes such a file too, and shows it wrong."""
    panels: list[dict[str, Any]] = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_asks_the_data_source_that_is_provisioned() -> None:
    """Its variable chooses among those of this kind."""
    [source] = read_yaml("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    [variable] = [item for item in dashboard()["templating"]["list"] if item["type"] == "datasource"]
    assert source["type"] == variable["query"]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_what_and_what_to_do(name: str) -> None:
    """Its runbook is a section of docs/runbooks.md."""
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert page == "docs/runbooks.md"
    assert anchor in headings("runbooks.md")
    assert name in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_to_fire_and_not_to_fire(name: str) -> None:
    """`promtool test rules` runs these tests."""
    cases = [
        case
        for test in read_yaml("prometheus/rules_test.yml")["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == name
    ]
    assert {bool(case.get("exp_alerts")) for case in cases} == {True, False}


def test_the_rules_are_about_the_job_that_is_scraped() -> None:
    """Another name of the job, and the server could be down unseen."""
    [scraped] = read_yaml("prometheus/prometheus.yml")["scrape_configs"]
    assert f'up{{job="{scraped["job_name"]}"}} == 0' == ALERTS["AegisServerDown"]["expr"]
