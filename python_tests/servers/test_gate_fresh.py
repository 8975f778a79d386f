"""A database into which the addon comes together with what it protects."""

import dataclasses
from pathlib import Path

import pytest
from odoo_lab import discard
from servers.installation import ADDONS, Database, Installation
from servers.licenses import Licenses
from servers.small_modules import model_of, write_paid
from servers.web import Session

PAID, EARLY = "lab_paid", "lab_early"
REFUSAL = r"Lab Paid cannot be installed: There is no license for this module"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a protected module, and one that comes along with a part of Odoo."""
    made = tmp_path_factory.mktemp("addons")
    write_paid(made, PAID, "base")
    write_paid(made, EARLY, "base_setup", auto_install=["base_setup"])
    return made


@pytest.fixture(scope="module")
def license_file(licenses: Licenses, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of a process for which a license lies in a file."""
    file = tmp_path_factory.mktemp("licenses") / "paid.license"
    file.write_text(licenses.license(module=PAID))
    return {"AEGIS_LICENSE_FILE": str(file)}


def press_install(database: Database, env: dict[str, str] | None = None) -> None:
    """Install the protected module from Apps."""
    with database.server(env=env) as server:
        admin = Session(server.url, database.name, "admin")
        admin.call("ir.module.module", "update_list")
        admin.press("button_immediate_install", PAID)
        # The server that refused goes on; here it did not.
        assert admin.call(model_of(PAID), "create", [{"name": "first"}])


def test_refused_without_and_installed_with_a_license_file(
    installation: Installation, folder: Path, license_file: dict[str, str]
) -> None:
    """From Apps and on the command line; what is left of the addon does not stop the next attempt."""
    database = dataclasses.replace(installation.empty("gate_fresh"), addons=(*ADDONS, folder))
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        admin.call("ir.module.module", "update_list")
        with pytest.raises(RuntimeError, match=REFUSAL):
            admin.press("button_immediate_install", PAID)
        assert database.leftovers(PAID) == []
        # The server still answers.
        assert admin.call("res.users", "search_count", [])
    done = database.run("-i", PAID)
    assert done.returncode == 255
    assert f"UserError: {REFUSAL}" in done.stdout
    assert database.leftovers(PAID) == []
    press_install(database, license_file)
    assert database.state(PAID) == "installed"


def test_an_empty_database_with_a_license_file(
    installation: Installation, folder: Path, license_file: dict[str, str]
) -> None:
    """``-i`` makes all of it; a module that comes along with Odoo is there, and does not work."""
    template = installation.empty("gate_empty")
    discard(template.cluster, template.name)
    database = dataclasses.replace(template, addons=(*ADDONS, folder))
    done = database.run("-i", PAID, env=license_file)
    assert done.returncode == 0, done.stdout[-2000:]
    assert [database.state(module) for module in (PAID, EARLY)] == ["installed"] * 2
    codes = f"[env['aegis.license'].check(module).ok for module in {(PAID, EARLY)!r}]"
    assert database.ask(codes, license_file) == [True, False]
