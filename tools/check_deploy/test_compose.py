"""What runs in containers has no more rights than it needs, a known version, and what it asks for."""

import re
from pathlib import Path
from typing import Any

import pytest

from .files import DEPLOY, ROOT, read_yaml

COMPOSE = read_yaml("compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "aegis.service").read_text(encoding="utf-8")
SETTINGS = (DEPLOY / "settings.env").read_text(encoding="utf-8")
# What runs once, and is not looked after.
ONCE = {"migrate"}

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_ports_are_published_on_loopback_only(name: str) -> None:
    """A firewall does not stop what Docker publishes."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_a_service_is_confined(name: str) -> None:
    """Read-only, without capabilities that it does not name, with limits."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "logging"} <= set(service)
    assert "privileged" not in service


@each_service
def test_a_service_is_asked_for_its_health(name: str) -> None:
    """`docker compose up --wait` waits for it."""
    health = SERVICES[name]["healthcheck"]
    assert health.get("disable") is True if name in ONCE else health["test"]


def test_images_are_of_a_known_version() -> None:
    """The same today and tomorrow: a whole version, or a digest."""
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.M)
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert len(bases) == 2
    for image in bases + images:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z-]+)?$|@sha256:[0-9a-f]{64}$", image), image


@each_service
def test_no_password_is_in_the_environment(name: str) -> None:
    """It would be in every dump of the process, and in `docker inspect`."""
    for variable in SERVICES[name].get("environment", {}):
        assert variable.endswith("_FILE") or not re.search("PASS|SECRET|TOKEN", variable), variable


def test_what_is_mounted_is_there_or_made() -> None:
    """Docker would make an empty folder of root's in its place."""
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    secrets = (DEPLOY / "make-secrets.sh").read_text(encoding="utf-8")
    [made] = re.findall(r"^mkdir -p (.+)$", secrets, flags=re.M)
    for path in (Path(mount) for mount in mounts if mount.startswith("./")):
        assert str(path) in made.split() or (DEPLOY / path).exists(), path


def test_volumes_and_networks_are_declared() -> None:
    """Each that a service names, and no other."""
    mounts = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])
    networks = {network for service in SERVICES.values() for network in service["networks"]}
    assert networks == set(COMPOSE["networks"])


def test_the_database_is_reached_by_the_server_only() -> None:
    """Its network leads nowhere, and those beside it on it are the server's."""
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert {name for name in SERVICES if "back" in SERVICES[name]["networks"]} == {
        "migrate",
        "aegis",
        "postgres",
        "openbao",
    }


def test_the_proxy_that_is_believed_is_the_gateway() -> None:
    """Else everybody behind the proxy counts as one address."""
    [network] = COMPOSE["networks"]["edge"]["ipam"]["config"]
    assert f"AEGIS_TRUSTED_PROXIES={network['gateway']}\n" in SETTINGS


def test_the_ports_of_the_server_are_the_same_everywhere() -> None:
    """In the image, in what is published, and in what is scraped."""
    listens = dict(re.findall(r"(AEGIS_LISTEN|AEGIS_METRICS_LISTEN)=0\.0\.0\.0:(\d+)", DOCKERFILE))
    api, metrics = listens["AEGIS_LISTEN"], listens["AEGIS_METRICS_LISTEN"]
    assert f"EXPOSE {api} {metrics}\n" in DOCKERFILE
    assert SERVICES["aegis"]["ports"] == [f"127.0.0.1:{api}:{api}"]
    [scraped] = read_yaml("prometheus/prometheus.yml")["scrape_configs"]
    assert scraped["static_configs"] == [{"targets": [f"aegis:{metrics}"]}]


def test_settings_that_are_used_are_in_the_table() -> None:
    """docs/deploy.md lists all that there are."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(AEGIS_[A-Z_]+)`", page))
    used = set(re.findall(r"\b(AEGIS_[A-Z_]+)=", DOCKERFILE + UNIT + SETTINGS))
    assert used
    assert used <= listed


def test_the_unit_waits_for_what_comes_late_and_for_nothing_else() -> None:
    """A database that is slow is no reason to give up; a wrong PIN is, before the token locks itself."""
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNIT, flags=re.M))
    assert unit["Restart"] == "on-failure"
    assert unit["StartLimitIntervalSec"] == "0"
    assert int(unit["RestartSec"]) >= 5
    failure = (ROOT / "crates" / "aegis-cli" / "src" / "failure.rs").read_text(encoding="utf-8")
    [code] = re.findall(r"fn for_good\(.*?exit_code: (\d+)", failure, flags=re.S)
    assert unit["RestartPreventExitStatus"] == code
    assert f"**{code}**" in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_memory_of_the_server_is_never_written_down() -> None:
    """Keys are in it."""
    assert "\nLimitCORE=0\n" in UNIT
    assert {SERVICES[name]["ulimits"]["core"] for name in ("aegis", "migrate")} == {0}


def test_a_service_ends_in_its_own_time() -> None:
    """The server finishes what runs, for at most 30 seconds; then only it is killed."""
    assert int(SERVICES["aegis"]["stop_grace_period"].removesuffix("s")) > 30
    [unit] = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, flags=re.M)
    assert int(unit) > 30
