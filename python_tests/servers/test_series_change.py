"""What becomes of a license when a database goes to the next series of Odoo.

A source checkout cannot upgrade the database of the series before: base itself fails without the scripts of
Odoo's upgrade service. So what such an upgrade keeps is moved: the parameters, among them the identity of the
database.
"""

import pytest
from odoo_lab import Unavailable, fresh, install, prepare
from servers.installation import ADDONS, Database, Installation
from servers.web import Session

KEPT = "SELECT key, value FROM ir_config_parameter WHERE key LIKE 'aegis.%' OR key = 'database.uuid'"


@pytest.fixture(scope="module")
def older(installation: Installation) -> Database:
    """Give a database of the series before, with the addon."""
    number = str(int(installation.number) - 1)
    try:
        odoo = prepare(number).using(installation.odoo.python)
    except Unavailable as error:
        pytest.skip(str(error))
    database = Database(f"suite_{installation.number}_older_series", odoo, installation.cluster)
    fresh(odoo, installation.cluster, database.name)
    settings = {"AEGIS_LICENSE_FILE": "/dev/null"}
    install(odoo, installation.cluster, database.name, ["aegis_client"], addons=ADDONS, env=settings)
    return database


def moved(installation: Installation, older: Database, tokens: str) -> Database:
    """Store licenses in the older database, and give one of this series that took over its parameters."""
    older.execute(f"env['aegis.license'].store({tokens!r}); env.cr.commit()")
    database = installation.database("newer_series")
    for key, value in older.query(KEPT):
        database.query("DELETE FROM ir_config_parameter WHERE key = %s", key)
        database.query("INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)", key, value)
    return database


def test_a_license_for_both_series_works_on(installation: Installation, older: Database) -> None:
    """Also one that is bound to the database."""
    both = [older.odoo.number, installation.number]
    database = moved(installation, older, installation.licenses.license(versions=both))
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        assert admin.banner() is None
        assert "Azure Interior" in admin.page()
    assert database.parameter("database.uuid") == older.parameter("database.uuid")


def test_a_license_for_the_older_series_says_so_and_is_kept(
    installation: Installation, older: Database
) -> None:
    """Nothing is lost: it is shown for what it is, through upgrades of the addon as well."""
    older.query("DELETE FROM ir_config_parameter WHERE key = 'aegis.license_tokens'")
    token = installation.licenses.license(versions=[older.odoo.number])
    database = moved(installation, older, token)
    assert database.run("-u", "aegis_client").returncode == 0
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        banner = admin.banner()
        assert banner
        assert f"does not cover Odoo {installation.number}" in banner["lines"][0]
        assert 'data-code="wrong_odoo_version"' in admin.page()
    assert database.parameter("aegis.license_tokens") == token
