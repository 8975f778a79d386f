"""Install, upgrade, uninstall: what stays in the database, and what does not."""

import ast
import dataclasses
import re
import subprocess
from pathlib import Path

from odoo_lab import CHECKOUT, copy
from servers.installation import Database, Installation
from servers.statuses import remembered_of
from servers.trust import roots_of_the_lab
from servers.web import Session

UNINSTALL = """
env["ir.module.module"].search([("name", "=", "aegis_client")]).button_immediate_uninstall()
env.cr.commit()
"""
#: What a module leaves in tables of Odoo; each query gives rows that should not be there.
LEFTOVERS = {
    "identifiers": "SELECT module, name FROM ir_model_data WHERE module IN ('aegis_client', 'aegis_demo')",
    "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'aegis.%'",
    "crons": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE '%AEGIS%'",
    "server actions": "SELECT id FROM ir_act_server WHERE name::text LIKE '%AEGIS%'",
    "views": "SELECT name FROM ir_ui_view WHERE name LIKE '%aegis%' OR key LIKE 'aegis%'",
    "menus": "SELECT name FROM ir_ui_menu WHERE name::text LIKE '%AEGIS%'",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'aegis%'",
    "fields": "SELECT model, name FROM ir_model_fields WHERE name LIKE 'aegis%' OR model LIKE 'aegis%'",
    "rights": "SELECT name FROM ir_model_access WHERE name LIKE 'aegis%'",
    "attachments": "SELECT name FROM ir_attachment WHERE res_model LIKE 'aegis%'",
    "constraints": "SELECT name FROM ir_model_constraint WHERE name LIKE 'aegis%'",
}


def schema(database: Database) -> str:
    """Dump the schema; what differs from one dump to the next of the same database is left out."""
    folder = database.cluster.folder
    program = database.cluster.programs / "pg_dump"
    place = (f"--host={folder}", "--port=5432", "--username=odoo")
    done = subprocess.run(
        [program, "--schema-only", "--no-owner", *place, database.name],
        check=True,
        capture_output=True,
        text=True,
    )
    return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)


def test_uninstalling_leaves_nothing_behind(installation: Installation, tmp_path: Path) -> None:
    """After install, upgrade, use and uninstall the schema is the one of before, and no row tells of it."""
    database = installation.empty("lifecycle")
    before = schema(database)
    file = tmp_path / "demo.license"
    file.write_text(installation.licenses.license())
    for option, modules in (("-i", "aegis_client,aegis_demo"), ("-u", "aegis_client")):
        done = database.run(option, modules, env={"AEGIS_LICENSE_FILE": str(file)})
        assert done.returncode == 0, done.stdout[-2000:]
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        listed = roots_of_the_lab()[0].revocation_list("another", seq=1)
        person.call("aegis.license", "store", f"{installation.licenses.license()}\n{listed}")
        for name in ("instance_id", "domain", "trust_url"):
            person.set(f"aegis.{name}", "https://lists.example.com")
        person.page()
        assert person.call("aegis.demo.note", "create", [{"name": "kept"}])
    assert all(database.parameter(f"aegis.{name}_tokens") for name in ("license", "trust"))
    assert remembered_of(database, str(database.parameter("aegis.license_tokens")))
    database.execute(UNINSTALL)
    assert database.state("aegis_client") == database.state("aegis_demo") == "uninstalled"
    assert {name: rows for name, sql in LEFTOVERS.items() if (rows := database.query(sql))} == {}
    assert schema(database) == before


def test_upgrade_from_an_older_state_keeps_the_license(installation: Installation) -> None:
    """A lower version, a table, a column and a view not there yet: -u makes them; the license works on."""
    database = installation.database("older")
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        person.call("aegis.license", "store", installation.licenses.license())
    stored = database.parameter("aegis.license_tokens")
    for table in ("aegis_countdown", "aegis_state"):
        database.query(f"DROP TABLE {table}")
    with database.server() as server:
        # The files are there, and the upgrade is yet to come.
        person = Session(server.url, database.name, "admin")
        assert person.banner() is None
        assert person.call("aegis.demo.note", "create", {"name": "in between"})
    database.query("UPDATE ir_module_module SET latest_version = %s WHERE name = 'aegis_client'", "0.0.1")
    database.query("ALTER TABLE aegis_license DROP COLUMN last_match, DROP COLUMN moving_since")
    database.query("DELETE FROM ir_ui_view WHERE key = 'aegis_client.badge'")
    done = database.run("-u", "aegis_client")
    assert done.returncode == 0, done.stdout[-2000:]
    assert database.parameter("aegis.license_tokens") == stored
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        assert person.banner() is None
        assert "Azure Interior" in person.page()
    rows = database.query("SELECT latest_version FROM ir_module_module WHERE name = 'aegis_client'")
    manifest = ast.literal_eval((CHECKOUT / "aegis_client" / "__manifest__.py").read_text())
    assert rows[0][0] == f"{installation.number}.0.{manifest['version']}"
    assert database.query("SELECT module, worked FROM aegis_countdown") == [("aegis_demo", True)]
    assert remembered_of(database, str(stored))["first_seen"]


def test_a_copy_is_another_instance_unless_it_is_for_staging(installation: Installation) -> None:
    """A bound license works on for some days on a duplicate, and for good on a neutralised one."""
    database = installation.database("original")
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        bound = installation.licenses.license(instance_fingerprint=person.fingerprint())
        person.call("aegis.license", "store", bound)
        assert person.banner() is None
    duplicate = dataclasses.replace(database, name=f"{database.name}_copy")
    copy(database.cluster, database.name, duplicate.name)
    code = "env['aegis.license'].check('aegis_demo').code"
    assert duplicate.ask(code) == "moving"
    assert duplicate.run("neutralize").returncode == 0
    assert duplicate.ask(code) == "valid"
    with duplicate.server() as server:
        assert "Staging copy" in Session(server.url, duplicate.name, "admin").page()
