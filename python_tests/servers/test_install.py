"""Both ways to install the addon, and what is said when a part is not there."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from odoo_lab import CHECKOUT, environment
from servers.installation import ADDONS, Database, Installation, complaints
from servers.licenses import Licenses
from servers.web import Session


def must_be_silent(database: Database, *args: str, env: Mapping[str, str] | None = None) -> None:
    """Run Odoo, and insist that it ends well and complains about nothing."""
    done = database.run(*args, env=env)
    assert done.returncode == 0, done.stdout[-2000:]
    assert not complaints(done.stdout)


def install_upgrade_load(database: Database, file: Path) -> None:
    """Go through what an administrator does, in silence."""
    settings = {"AEGIS_LICENSE_FILE": str(file)}
    must_be_silent(database, "-i", "aegis_client,aegis_demo", env=settings)
    assert database.state("aegis_client") == database.state("aegis_demo") == "installed"
    must_be_silent(database, "-u", "aegis_client", env=settings)
    must_be_silent(database)
    with database.server() as server:
        assert "There is no license for this module" in Session(server.url, database.name, "admin").page()
    assert not complaints(server.log.read_text())


def folder_of_the_addon(database: Database) -> str:
    """Say which copy of the addon Odoo loads."""
    folder: str = database.ask("__import__('odoo.addons.aegis_client').addons.aegis_client.__path__[0]")
    return folder


@pytest.fixture(scope="module")
def file(licenses: Licenses, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a license of the protected module."""
    made = tmp_path_factory.mktemp("licenses") / "demo.license"
    made.write_text(licenses.license())
    return made


def test_addon_in_the_addons_path_with_the_wheel_as_engine(installation: Installation, file: Path) -> None:
    """It installs, upgrades and loads without a warning."""
    database = installation.empty("install_path")
    install_upgrade_load(database, file)
    assert folder_of_the_addon(database) == str(CHECKOUT / "aegis_client")


def test_wheel_that_carries_the_addon(installation: Installation, wheel: Path, file: Path) -> None:
    """No folder of addons has it: it installs, upgrades and loads from site-packages without a warning."""
    carrying = environment("suite-wheel", wheel)
    database = installation.empty("install_wheel").using(carrying, [CHECKOUT / "examples"])
    install_upgrade_load(database, file)
    assert folder_of_the_addon(database).startswith(str(carrying.parents[1]))


def test_addon_in_the_addons_path_beside_the_one_of_the_wheel(
    installation: Installation, wheel: Path
) -> None:
    """One copy is loaded, with code and data of its own; there is no warning."""
    carrying = environment("suite-wheel", wheel)
    database = installation.empty("install_both").using(carrying, ADDONS)
    must_be_silent(database, "-i", "aegis_client")
    must_be_silent(database, "-u", "aegis_client")
    code, icon = database.ask(
        "[__import__('odoo.addons.aegis_client').addons.aegis_client.__path__[0],"
        " __import__('odoo').tools.misc.file_path('aegis_client/views/settings_templates.xml')]"
    )
    assert icon == f"{code}/views/settings_templates.xml"


def test_without_the_wheel_installing_is_refused(installation: Installation) -> None:
    """From Apps and on the command line: the message names package and remedy; nothing is left behind."""
    database = installation.empty("install_none").without_engine()
    script = """
try:
    env["ir.module.module"].search([("name", "=", "aegis_client")]).button_immediate_install()
except Exception as error:
    print("REFUSED", repr(error))
"""
    database.run("-u", "base_setup")
    from_apps = database.execute(script)
    assert "REFUSED UserError" in from_apps, from_apps[-2000:]
    on_the_command_line = database.run("-i", "aegis_client")
    assert on_the_command_line.returncode != 0
    for said in (from_apps.split("REFUSED", 1)[1], on_the_command_line.stdout):
        assert "The Python package aegis-license is not installed" in said
        assert "Install" in said
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename LIKE 'aegis%'")
    assert not database.query("SELECT 1 FROM ir_model_data WHERE module = 'aegis_client'")
    assert database.state("aegis_client") != "installed"
    # With the wheel it is as if nothing had happened.
    must_be_silent(database.using(installation.odoo.python), "-i", "aegis_client")
    assert database.state("aegis_client") == "installed"


def test_when_the_wheel_is_gone_odoo_starts_and_says_so(installation: Installation) -> None:
    """The page and everybody's banner say it; the license stays, and counts when the wheel is back."""
    gone = "aegis-license is not installed"
    database = installation.database("engine")
    token = installation.licenses.license()
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        assert person.call("aegis.license", "store", token)["stored"] == 1
        assert person.banner() is None
    with database.without_engine().server() as server:
        people = {login: Session(server.url, database.name, login) for login in ("admin", "user")}
        for banner in (person.banner() for person in people.values()):
            assert banner
            # It has worked until now.
            assert banner["level"] == "warning"
            assert gone in banner["lines"][0]
            assert "The module goes on working until" in banner["lines"][0]
        assert gone in people["admin"].page()
        assert people["admin"].call("aegis.license", "store", installation.licenses.license())["refused"]
    # An upgrade of the whole database must not fail for want of it.
    assert database.without_engine().run("-u", "base_setup").returncode == 0
    assert database.state("aegis_client") == "installed"
    assert database.parameter("aegis.license_tokens") == token
    with database.server() as server:
        assert Session(server.url, database.name, "admin").banner() is None
