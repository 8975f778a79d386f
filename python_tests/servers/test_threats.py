"""What a hostile administrator can do inside Odoo without a license: the rows of docs/threat-model.md."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from odoo_lab import Server
from servers.installation import Database, Installation
from servers.licenses import Licenses
from servers.web import Session, is_refused

NOTE, DEMO = "aegis.demo.note", "aegis_demo"
MODULE = "ir.module.module"


def refuses(person: Session) -> bool:
    """Whether making a note is refused for want of a license."""
    return is_refused(person, NOTE, "AEGIS Demo: ")


def state(database: Database, module: str = DEMO) -> str:
    """Give the state of a module as Odoo records it."""
    found: str = database.query("SELECT state FROM ir_module_module WHERE name = %s", module)[0][0]
    return found


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    """Give a server whose protected module is installed, has never worked, and has no license."""
    with installation.database("threats").server() as running:
        yield running


@pytest.fixture(scope="module")
def admin(installation: Installation, server: Server) -> Session:
    """Log the administrator in."""
    return Session(server.url, f"suite_{installation.number}_threats", "admin")


def run_code(admin: Session, code: str) -> Any:  # noqa: ANN401 - whatever the code says
    """Run Python in a server action, as an administrator may."""
    model = admin.ids("ir.model", model=NOTE)[0]
    values = {"name": "mischief", "state": "code", "model_id": model, "code": code}
    return admin.call("ir.actions.server", "run", [admin.call("ir.actions.server", "create", values)])


def test_every_right_there_is(admin: Session) -> None:
    """Rights do not matter to the guard."""
    model = admin.ids("ir.model", model=NOTE)[0]
    rights = {f"perm_{name}": True for name in ("read", "write", "create", "unlink")}
    admin.call("ir.model.access", "create", {"name": "mine", "model_id": model, "group_id": False, **rights})
    assert refuses(admin)


def test_a_forged_context(admin: Session) -> None:
    """Nothing is decided by the context."""
    for name in (
        "install_mode",
        "import_file",
        "aegis_incoming_mail",
        "incoming_mail",
        "upgrade",
        "scheduled",
    ):
        with pytest.raises(RuntimeError, match="AEGIS Demo: "):
            admin.call(NOTE, "create", {"name": "x"}, context={name: True, "module": DEMO})


def test_private_methods_over_rpc(admin: Session) -> None:
    """Odoo refuses them."""
    for method, args in (("_create", [[{"name": "x"}]]), ("_load_records", [[]]), ("message_new", [{}])):
        with pytest.raises(RuntimeError):
            admin.call(NOTE, method, *args)


def test_the_method_behind_a_button(admin: Session, licenses: Licenses) -> None:
    """A button that a view shows again asks like before."""
    admin.put(licenses.license())
    note = admin.call(NOTE, "create", {"name": "x"})
    admin.put(licenses.license(-3))
    with pytest.raises(RuntimeError, match="Ended on"):
        admin.call(NOTE, "action_summarize", [note])
    admin.put("")


def test_a_menu_of_ones_own(admin: Session) -> None:
    """It is there, and leads to a form that cannot be saved."""
    action = admin.call("ir.model.data", "search_read", [["name", "=", "action_aegis_demo_new"]], ["res_id"])
    values = {"name": "Back again", "action": f"ir.actions.act_window,{action[0]['res_id']}"}
    assert admin.call("ir.ui.menu", "create", values)
    assert refuses(admin)


def test_the_countdowns_are_no_model(admin: Session) -> None:
    """There is nothing to give a right to, to write, or to add a field to."""
    assert admin.ids("ir.model", model="aegis.countdown") == []
    with pytest.raises(RuntimeError):
        admin.call("aegis.countdown", "search", [])


def test_python_in_a_server_action(admin: Session) -> None:
    """``create`` is refused, as superuser too; what goes past it is open, and said to be."""
    before = admin.call(NOTE, "search_count", [])
    for code in ("env[{!r}].create({{'name': 'x'}})", "env[{!r}].sudo().create({{'name': 'x'}})"):
        with pytest.raises(RuntimeError, match="AEGIS Demo: "):
            run_code(admin, code.format(NOTE))
    with pytest.raises(RuntimeError):
        run_code(admin, "env.registry.aegis_guarded = {}")
    assert admin.call(NOTE, "search_count", []) == before
    run_code(admin, "env.cr.execute(\"INSERT INTO aegis_demo_note (name) VALUES ('by SQL')\")")
    assert admin.call(NOTE, "search_count", []) == before + 1


def test_identity_of_the_licensed_database(admin: Session, installation: Installation) -> None:
    """One of the two parameters is not enough; with both it is the same instance."""
    url, uuid = "https://erp.example.com", "0f3c9a52-6d2e-4c51-8a55-2f8f6c1de001"
    script = "import aegis_license; print('ANSWER', aegis_license.fingerprint({!r}, 'erp.example.com'))"
    database = installation.database("threats_identity")
    fingerprint = database.execute(script.format(uuid)).split("ANSWER ", 1)[1].split()[0]
    admin.put(installation.licenses.license(instance_fingerprint=fingerprint))
    assert refuses(admin)
    kept = {
        key: admin.call("ir.config_parameter", "get_param", key) for key in ("web.base.url", "database.uuid")
    }
    admin.call("ir.config_parameter", "set_param", "web.base.url", url)
    assert refuses(admin)
    admin.call("ir.config_parameter", "set_param", "database.uuid", uuid)
    assert not refuses(admin)
    for key, value in kept.items():
        admin.call("ir.config_parameter", "set_param", key, value)
    admin.put("")


def apply_marks(admin: Session) -> None:
    """Have Odoo carry out what is marked, as its own wizard does."""
    wizard = admin.call("base.module.upgrade", "create", {})
    admin.call("base.module.upgrade", "upgrade_module", [wizard])


def test_states_of_a_module_that_is_not_installed(installation: Installation) -> None:
    """Marked for installing it is refused, whatever is forged; for an upgrade it comes in, without effect."""
    database = installation.empty("threats_states")
    assert database.run("-i", "aegis_client").returncode == 0
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        (demo,) = admin.modules(DEMO)
        base = admin.modules("base_setup")[0]
        admin.call(MODULE, "write", [demo], {"state": "to install", "auto_install": True})
        admin.call("ir.module.module.dependency", "create", {"module_id": base, "name": DEMO})
        with pytest.raises(RuntimeError, match="cannot be installed"):
            apply_marks(admin)
    assert state(database) == "uninstalled"
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename = 'aegis_demo_note'")
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        admin.call(MODULE, "write", [demo], {"state": "to upgrade"})
        apply_marks(admin)
        assert refuses(admin)
    assert state(database) == "installed"


def test_a_mark_for_removal_that_is_not_carried_out(installation: Installation) -> None:
    """Odoo goes on loading the module, and the guard goes on refusing."""
    database = installation.database("threats_removal")
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        admin.call(MODULE, "write", admin.modules(DEMO), {"state": "to remove"})
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        assert refuses(admin)
        assert (admin.banner() or {}).get("level") == "danger"


def test_without_the_addon_odoo_loads_nothing_of_the_module(installation: Installation) -> None:
    """Its state written away: the module is gone until it is written back; the data stay."""
    database = installation.database("threats_gone")
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        admin.put(installation.licenses.license())
        admin.call(NOTE, "create", {"name": "kept"})
        admin.call(MODULE, "write", admin.modules("aegis_client"), {"state": "uninstalled"})
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        with pytest.raises(RuntimeError):
            admin.call(NOTE, "search_count", [])
        admin.call(MODULE, "write", admin.modules("aegis_client"), {"state": "installed"})
    with database.server() as running:
        assert Session(running.url, database.name, "admin").call(NOTE, "search_count", []) == 1


def test_uninstalling_and_installing_again(installation: Installation) -> None:
    """It takes a license, and what is remembered stays."""
    database = installation.database("threats_again")
    ended = int(time.time()) - 20 * 86400
    database.query("UPDATE aegis_countdown SET worked = TRUE, since = %s RETURNING module", ended)
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        assert refuses(admin)
        admin.press("button_immediate_uninstall", DEMO)
        with pytest.raises(RuntimeError, match="cannot be installed"):
            admin.press("button_immediate_install", DEMO)
    assert state(database) == "uninstalled"
    assert database.query("SELECT worked, since FROM aegis_countdown") == [(True, ended)]


def test_the_rows_of_countdowns_by_sql(installation: Installation) -> None:
    """Open, and said to be: a hand in the database begins a count-down anew; it installs nothing."""
    database = installation.database("threats_sql")
    with database.server() as running:
        admin = Session(running.url, database.name, "admin")
        assert refuses(admin)
        database.query("DELETE FROM aegis_countdown RETURNING module")
        assert not refuses(admin)
        assert (admin.banner() or {}).get("level") == "warning"
