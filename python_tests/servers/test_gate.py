"""Installing a protected module takes a license that works: in Apps, over RPC, on the command line."""

import dataclasses
import re
import time
from collections.abc import Iterator

import pytest
from odoo_lab import rpc
from servers.installation import ADDONS, USER, Database, Installation
from servers.licenses import Licenses
from servers.small_modules import model_of, write_module, write_paid
from servers.web import Session, is_refused
from support import DAY

PAID, NEEDS_PAID, BRIDGE = "lab_paid", "lab_needs_paid", "lab_bridge"
AUTO, BEHIND = "lab_auto", "lab_behind"
PLAIN, OTHER = "lab_plain", "lab_other"
ALL = (PAID, NEEDS_PAID, BRIDGE, AUTO, BEHIND, PLAIN, OTHER)
NO_LICENSE = "There is no license for this module"
ADMIN = ("admin", "admin")

#: What is stored, and what the refusal says.
REFUSED = {
    "missing": NO_LICENSE,
    "of_another_module": NO_LICENSE,
    "expired": "Ended on",
    "grace": "goes on working until",
    "updates_ended": "This release is newer than the updates that the license covers",
}


def stored(licenses: Licenses, status: str) -> str:
    """Give licenses with which the paid module has a status."""
    now = int(time.time())
    texts = {
        "missing": "",
        "of_another_module": licenses.license(module="aegis_demo"),
        "expired": licenses.license(-3, module=PAID),
        "grace": licenses.license(-3, module=PAID, grace_until=now + 10 * DAY),
        # The release is of 2026-11-01.
        "updates_ended": licenses.perpetual(1793318400, module=PAID, iat=1750000000),
        "valid": licenses.license(module=PAID),
    }
    return texts[status]


@dataclasses.dataclass(frozen=True)
class Shop:
    """A running server with modules to install.

    Attributes:
        database: its database.
        url: its address.
        admin: an administrator at the browser.
    """

    database: Database
    url: str
    admin: Session

    def button_install(self, *modules: str) -> None:
        """Press the other button, as a program does over JSON-RPC."""
        found = self.admin.modules(*modules)
        rpc.call(self.url, self.database.name, ADMIN, "ir.module.module", "button_install", found)

    def apply(self, button: str) -> None:
        """Press a button of the wizard that does, or forgets, what modules are marked for."""
        wizard = self.admin.call("base.module.upgrade", "create", {})
        self.admin.call("base.module.upgrade", button, [wizard])

    def install_immediately(self, *modules: str) -> None:
        """Press the button of Apps."""
        self.admin.press("button_immediate_install", *modules)

    def install_on_the_command_line(self, *modules: str) -> None:
        """Install beside the running server, successfully."""
        done = self.database.run("-i", ",".join(modules))
        assert done.returncode == 0, done.stdout[-2000:]
        assert [self.database.state(module) for module in modules] == ["installed"] * len(modules)
        if self.database.odoo.number == "17":
            # Which Odoo 17 does not tell the server.
            self.database.query("SELECT nextval('base_registry_signaling')")

    def may_create(self, module: str) -> bool:
        """Try to make a record of a module's model."""
        return not is_refused(self.admin, model_of(module), NO_LICENSE)

    def must_have_come_along(self, *modules: str) -> None:
        """Insist that modules are there and cannot be used, and that none of them has ever worked."""
        for module in modules:
            assert self.database.state(module) == "installed"
            assert not self.may_create(module)
            known = self.database.query("SELECT worked, since FROM aegis_countdown WHERE module = %s", module)
            assert known == [(False, None)]

    def remove(self, *modules: str) -> None:
        """Uninstall modules."""
        self.admin.press("button_immediate_uninstall", *modules)
        assert self.database.leftovers(*modules) == []


@pytest.fixture(scope="module")
def shop(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Give a database with the addon, and modules that are not installed yet."""
    folder = tmp_path_factory.mktemp("addons")
    write_module(folder, PLAIN, "base")
    write_module(folder, OTHER, "base")
    write_paid(folder, PAID, "base")
    write_module(folder, NEEDS_PAID, PAID, OTHER)
    write_paid(folder, BRIDGE, PAID, OTHER, auto_install=[PAID, OTHER])
    write_paid(folder, BEHIND, "base")
    write_paid(folder, AUTO, PLAIN, BEHIND, auto_install=[PLAIN])
    database = dataclasses.replace(installation.database("gate"), addons=(*ADDONS, folder))
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        admin.call("ir.module.module", "update_list")
        yield Shop(database, server.url, admin)


@pytest.mark.parametrize("status", REFUSED)
def test_refused_at_each_door(shop: Shop, licenses: Licenses, status: str) -> None:
    """The message names the module and the reason; nothing is left behind."""
    shop.admin.put(stored(licenses, status))
    for press in (shop.install_immediately, shop.button_install):
        with pytest.raises(RuntimeError, match="Lab Paid cannot be installed: ") as refusal:
            press(PAID)
        assert REFUSED[status] in str(refusal.value)
        assert shop.database.leftovers(*ALL) == []
    done = shop.database.run("-i", PAID)
    assert done.returncode == 255
    said = re.search(r"UserError: (Lab Paid cannot be installed: .*)\n(.*)", done.stdout)
    assert said, done.stdout[-2000:]
    assert REFUSED[status] in said[1]
    assert said[2] == "Without a browser: put the license into a file named by AEGIS_LICENSE_FILE."
    assert shop.database.leftovers(*ALL) == []


def test_installed_with_a_license(shop: Shop, licenses: Licenses) -> None:
    """At each door; a license that is about to end is as good."""
    shop.admin.put(licenses.license(5, module=PAID))
    shop.install_immediately(PAID)
    assert shop.database.state(PAID) == "installed"
    assert shop.may_create(PAID)
    shop.remove(PAID)
    shop.admin.put(stored(licenses, "valid"))
    shop.button_install(PAID)
    assert shop.database.state(PAID) == "to install"
    shop.apply("upgrade_module_cancel")
    shop.install_on_the_command_line(PAID)
    assert shop.may_create(PAID)
    shop.remove(PAID)


def test_what_is_installed_already_is_not_asked_for_again(shop: Shop, licenses: Licenses) -> None:
    """What needs it, and itself, can be installed when its license has ended."""
    shop.admin.put(stored(licenses, "valid"))
    shop.install_immediately(PAID)
    shop.admin.put(stored(licenses, "expired"))
    shop.install_immediately(NEEDS_PAID)
    assert shop.database.state(NEEDS_PAID) == "installed"
    shop.remove(NEEDS_PAID, BRIDGE, OTHER)
    shop.install_on_the_command_line(PAID, NEEDS_PAID)
    shop.remove(PAID, NEEDS_PAID, BRIDGE, OTHER)


def test_marking_by_hand_is_no_way_around(shop: Shop) -> None:
    """Neither in the process that has installed something before, nor together with an upgrade."""
    shop.admin.put("")
    shop.install_immediately(OTHER)
    shop.admin.call("ir.module.module", "write", shop.admin.modules(PAID), {"state": "to install"})
    with pytest.raises(RuntimeError, match="Lab Paid cannot be installed"):
        shop.apply("upgrade_module")
    assert shop.database.leftovers(PAID) == []
    done = shop.database.run("-i", PAID, "-u", OTHER)
    assert done.returncode == 255
    assert shop.database.leftovers(PAID) == []
    assert shop.database.state(OTHER) == "installed"
    shop.remove(OTHER)


@pytest.mark.parametrize("wanted", [(PLAIN, PAID), (NEEDS_PAID,)])
def test_one_that_is_not_licensed_refuses_all(shop: Shop, wanted: tuple[str, ...]) -> None:
    """Whether it was asked for or is needed; the message names it and no other."""
    shop.admin.put("")
    for press in (shop.install_immediately, shop.button_install):
        with pytest.raises(RuntimeError, match="Lab Paid cannot be installed") as refusal:
            press(*wanted)
        assert str(refusal.value).count("cannot be installed") == 1
        assert shop.database.leftovers(*ALL) == []
    done = shop.database.run("-i", ",".join(wanted))
    assert done.returncode == 255
    assert "Lab Paid cannot be installed" in done.stdout
    assert shop.database.leftovers(*ALL) == []


def test_who_is_no_administrator_gets_odoos_answer(shop: Shop) -> None:
    """It says nothing about licenses."""
    user = Session(shop.url, shop.database.name, USER)
    ids = shop.admin.modules(PAID)
    for button in ("button_immediate_install", "button_install"):
        with pytest.raises(RuntimeError, match=r"Access Denied|not allowed") as refusal:
            user.call("ir.module.module", button, ids)
        assert "license" not in str(refusal.value).lower()
    assert shop.database.leftovers(*ALL) == []


def test_what_odoo_installs_by_itself_comes_along_and_cannot_be_used(shop: Shop, licenses: Licenses) -> None:
    """Beside a module that needs no license, and beside one that has its own; by name it is refused."""
    shop.admin.put("")
    shop.install_immediately(PLAIN)
    shop.must_have_come_along(AUTO, BEHIND)
    shop.remove(PLAIN, AUTO, BEHIND)
    shop.install_on_the_command_line(PLAIN)
    shop.must_have_come_along(AUTO, BEHIND)
    shop.remove(PLAIN, AUTO, BEHIND)
    assert shop.database.run("-i", AUTO).returncode == 255
    assert shop.database.leftovers(*ALL) == []
    shop.admin.put(stored(licenses, "valid"))
    with pytest.raises(RuntimeError, match="Lab Bridge cannot be installed"):
        shop.install_immediately(BRIDGE)
    assert shop.database.leftovers(*ALL) == []
    shop.install_immediately(NEEDS_PAID)
    assert [shop.database.state(module) for module in (NEEDS_PAID, BRIDGE)] == ["installed"] * 2
    assert shop.may_create(PAID)
    assert not shop.may_create(BRIDGE)
    shop.remove(PAID, NEEDS_PAID, BRIDGE, OTHER)
