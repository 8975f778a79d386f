"""The files of ``deploy/``, read."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
METRICS = (DEPLOY / "metrics.txt").read_text(encoding="utf-8").split()


@cache
def read_yaml(path: str) -> dict[str, Any]:
    """Read a YAML file of ``deploy/``."""
    content: dict[str, Any] = yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))
    return content


def alerts() -> dict[str, Any]:
    """Give the alerts by their names."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def rules() -> list[Any]:
    """Give all rules, recorded ones too."""
    return [rule for group in read_yaml("prometheus/rules.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Give the dashboard of Grafana."""
    content: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text(encoding="utf-8"))
    return content


def dashboard_expressions() -> list[str]:
    """Give the expressions of all panels, with values in place of Grafana's variables."""
    targets = [target for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    replaced = {"$__rate_interval": "5m", "$instance": ".*"}
    pattern = re.compile("|".join(map(re.escape, replaced)))
    return [pattern.sub(lambda found: replaced[found[0]], target["expr"]) for target in targets]


def metrics_in(expression: str) -> set[str]:
    """Give the metrics of the server that an expression names: a histogram by its own name."""
    found = set(re.findall(r"\baegis_[a-z_]+", expression))
    base = {name: re.sub(r"_(bucket|sum|count)$", "", name) for name in found}
    return {base[name] if base[name] in METRICS else name for name in found}


def headings(page: str) -> set[str]:
    """Give the anchors of a page of ``docs/``, as they are in addresses."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
