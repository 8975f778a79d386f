"""An upgrade is never refused: what it brings counts down, or cannot be used, but is there."""

import dataclasses
import functools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.installation import ADDONS, Database, Installation
from servers.licenses import Licenses
from servers.mailbox import wait_until
from servers.small_modules import model_of, write_module, write_paid
from servers.web import Session, is_refused

GROWS, PAID, LATE, PLAIN = "lab_grows", "lab_paid", "lab_late", "lab_plain"
NO_LICENSE = "There is no license for this module"
LONG_AGO = "UPDATE aegis_countdown SET since = since - 15 * 86400 WHERE module = %s RETURNING module"


def write_first(folder: Path) -> None:
    """Write the modules as they were sold at first: nothing of them is protected."""
    write_module(folder, GROWS, "base")
    write_module(folder, LATE, "base")


def write_second(folder: Path) -> None:
    """Write their next version: one needs a protected module, one is protected itself."""
    write_paid(folder, PAID, "base")
    write_module(folder, GROWS, PAID, version="1.0.1")
    write_paid(folder, LATE, "base", version="1.0.1")


def with_first(database: Database, folder: Path) -> Database:
    """Install the first versions, then put the second in their place."""
    write_first(folder)
    found = dataclasses.replace(database, addons=(*ADDONS, folder))
    done = found.run("-i", f"{GROWS},{LATE}")
    assert done.returncode == 0, done.stdout[-2000:]
    write_second(folder)
    return found


def upgrade_from_apps(database: Database) -> None:
    """Press Upgrade at both."""
    with database.server() as server:
        Session(server.url, database.name, "admin").press("button_immediate_upgrade", GROWS, LATE)


def upgrade_on_the_command_line(database: Database) -> None:
    """Name both."""
    done = database.run("-u", f"{GROWS},{LATE}")
    assert done.returncode == 0, done.stdout[-2000:]


def must_count_down(database: Database) -> None:
    """Insist that the protected ones work for some days, and only for these."""
    assert [database.state(module) for module in (GROWS, PAID, LATE)] == ["installed"] * 3
    assert database.leftovers() == []
    rows = "SELECT module, worked, worked_until, since FROM aegis_countdown"
    found = {module: rest for module, *rest in database.query(rows)}
    assert found[LATE][:2] == found[PAID][:2] == [True, None]
    assert time.time() - 3600 < found[LATE][2] <= time.time()
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        for module in (PAID, LATE):
            assert admin.call(model_of(module), "create", [{"name": "works"}])
            banner = admin.banner()
            assert banner
            assert any("The module goes on working until" in line for line in banner["lines"])
            # Whatever was remembered at the upgrade, using it began the count-down.
            assert database.query(LONG_AGO, module)
            wait_until(functools.partial(is_refused, admin, model_of(module), NO_LICENSE))


@pytest.mark.parametrize("upgrade", [upgrade_from_apps, upgrade_on_the_command_line])
@pytest.mark.parametrize("before", ["database", "empty"])
def test_protection_that_comes_with_an_upgrade(
    installation: Installation,
    tmp_path: Path,
    before: str,
    upgrade: Callable[[Database], None],
) -> None:
    """By new files, or with a new dependency; the addon is there already, or comes in with them."""
    name = f"upgrade_{before}"
    make = installation.database if before == "database" else installation.empty
    database = with_first(make(name), tmp_path)
    upgrade(database)
    must_count_down(database)


def test_an_upgrade_of_all_in_any_state(
    installation: Installation, licenses: Licenses, tmp_path: Path
) -> None:
    """With no license, with one that has ended, without the engine: it ends with 0."""
    write_module(tmp_path, PLAIN, "base")
    write_paid(tmp_path, PAID, PLAIN, auto_install=[PLAIN])
    copied = installation.database("upgrade_all")
    database = dataclasses.replace(copied, addons=(*ADDONS, tmp_path))
    done = database.run("-i", PLAIN)
    assert done.returncode == 0, done.stdout[-2000:]
    file = tmp_path / "ended.license"
    file.write_text(licenses.license(-3))
    for seen in (database, database.without_engine()):
        done = seen.run("-u", "all", env={"AEGIS_LICENSE_FILE": str(file)})
        assert done.returncode == 0, done.stdout[-2000:]
        states = [database.state(module) for module in ("aegis_client", "aegis_demo", PAID)]
        assert states == ["installed"] * 3
        remembered = database.query("SELECT module, worked, since FROM aegis_countdown ORDER BY module")
        assert remembered == [("aegis_demo", False, None), (PAID, False, None)]
