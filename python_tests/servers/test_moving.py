"""Moving house: a database is duplicated, restored, renamed, gets another address, another cluster.

Three licenses are bound to it, issued from what its settings page shows: ``exact`` by the UUID and the
address, ``tolerant`` by its activation request, ``named`` by the operator's name of the installation. A
fourth one is for an instance that this one never was.
"""

import dataclasses
import time
import uuid
from collections.abc import Iterator

import pytest
from odoo_lab import vendor
from servers.desk import Desk
from servers.houses import Elsewhere, Manager, move
from servers.installation import ADDONS, Database, Installation
from servers.small_modules import write_paid
from servers.statuses import Status, let_pass, remembered_of, status_of, take_note
from servers.trust import jti_of, parts_of
from servers.web import Session, is_refused
from support import DAY

PAID = "lab_paid"
ADDRESS, NAME = "https://erp.example.com", "plant-north"
MODULES = ("aegis_demo:17,18,19", "lab_paid:17,18,19")
BOUND = ("exact", "tolerant", "named")


@dataclasses.dataclass(frozen=True)
class House:
    """A running server with the database that moves, and its copies.

    Attributes:
        database: the database.
        url: the address of the server.
        licenses: the licenses by what they are bound to.
    """

    database: Database
    url: str
    licenses: dict[str, str]

    @property
    def manager(self) -> Manager:
        """The database manager."""
        return Manager(self.log_in(self.database))

    def named(self, name: str) -> Database:
        """Give a database of the server."""
        return dataclasses.replace(self.database, name=f"{self.database.name}_{name}")

    def log_in(self, database: Database) -> Session:
        """Log the administrator in."""
        return Session(self.url, database.name, "admin")

    def duplicate(self, name: str, *, neutralize: bool = False) -> Database:
        """Duplicate the database."""
        copy = self.named(name)
        self.manager.duplicate(self.database.name, copy.name, neutralize=neutralize)
        return copy

    def codes(self, status: Status) -> dict[str, str]:
        """Give the status of each license by itself."""
        return {name: status.licenses[jti_of(token)] for name, token in self.licenses.items()}


def issue(desk: Desk, admin: Session) -> dict[str, str]:
    """Have the vendor issue licenses, from what the customer mails."""
    request = f"Hello,\nthis is our request:\n{admin.activation()}\nRegards"
    uuid_of, domain = admin.call("ir.config_parameter", "get_param", "database.uuid"), "erp.example.com"
    by_name = ("--require", "instance_id", "--need", "1", "--move-grace-days", "0")
    bound = {
        "exact": ("--bind", uuid_of, domain),
        "tolerant": ("--bind-request", request),
        "named": ("--bind-request", request, *by_name),
        "foreign": ("--bind", str(uuid.uuid4()), domain),
    }
    return {name: desk.issue("lab-2026", *how, modules=MODULES) for name, how in bound.items()}


@pytest.fixture(scope="module")
def house(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give the house, with all four licenses pasted."""
    folder = tmp_path_factory.mktemp("moving")
    write_paid(folder / "addons", PAID, "base")
    desk = Desk(folder)
    desk.generate("lab-2026")
    desk.certify("lab-2026", vendor.ROOTS[0])
    database = installation.database("moving")
    database = dataclasses.replace(database, addons=(*ADDONS, folder / "addons"))
    options = (f"--db-filter=^{database.name}", f"--pg_path={database.cluster.programs}")
    with database.server(*options) as server:
        admin = Session(server.url, database.name, "admin")
        # Otherwise each log-in writes the address by which it came.
        for key, value in (
            ("web.base.url", ADDRESS),
            ("web.base.url.freeze", "True"),
            ("aegis.instance_id", NAME),
        ):
            admin.set(key, value)
        bundles = issue(desk, admin)
        stored = admin.call("aegis.license", "store", "\n".join(bundles.values()))
        assert (stored["stored"], stored["refused"]) == (4, [])
        yield House(database, server.url, {name: parts_of(text)[0] for name, text in bundles.items()})


def everywhere(code: str) -> dict[str, str]:
    """Give a status for all that are bound to the database; the fourth one never matches."""
    return {**dict.fromkeys(BOUND, code), "foreign": "wrong_instance"}


def test_at_home(house: House) -> None:
    """What matches is valid, and what never did is refused at once."""
    status = status_of(house.log_in(house.database))
    assert (status.code, status.flags, house.codes(status)) == ("valid", [], everywhere("valid"))


def test_duplicated(house: House) -> None:
    """A copy is another instance; a license for the operator's name of the installation holds for it too."""
    copy = house.duplicate("duplicate")
    status = status_of(house.log_in(copy))
    assert house.codes(status) == {**everywhere("moving"), "named": "valid"}
    assert copy.parameter("database.uuid") != house.database.parameter("database.uuid")
    assert status_of(house.log_in(house.database)).code == "valid"


def test_restored_as_a_copy_and_as_a_move(house: House) -> None:
    """The first is another instance, the second the same one."""
    backup = house.manager.dump(house.database.name)
    for name, copy in (("restored_copy", True), ("restored_move", False)):
        house.manager.restore(house.named(name).name, backup, copy=copy)
    status = status_of(house.log_in(house.named("restored_copy")))
    assert house.codes(status) == {**everywhere("moving"), "named": "valid"}
    moved = house.log_in(house.named("restored_move"))
    assert house.codes(status_of(moved)) == everywhere("valid")
    assert take_note(moved)


def test_renamed(house: House) -> None:
    """The name of a database is no part of the instance."""
    old, new = house.named("old_name"), house.named("new_name")
    house.manager.duplicate(house.database.name, old.name)
    own = house.database.parameter("database.uuid")
    # The same instance under a name of its own: the other tests need the first one.
    house.log_in(old).set("database.uuid", str(own))
    house.manager.rename(old.name, new.name)
    assert house.codes(status_of(house.log_in(new))) == everywhere("valid")


def test_another_address(house: House) -> None:
    """The last address that matched goes on to match; one that was never seen does not, unless it is set."""
    copy = house.duplicate("address")
    admin = house.log_in(copy)
    admin.set("database.uuid", str(house.database.parameter("database.uuid")))
    admin.set("web.base.url", "https://new.example.com")
    assert house.codes(status_of(admin)) == everywhere("valid")
    copy.query("UPDATE aegis_state SET state = '{}'")
    admin.set("web.base.url", "https://newer.example.com")
    status = status_of(admin)
    assert house.codes(status) == {**everywhere("valid"), "exact": "wrong_instance"}
    admin.set("aegis.domain", "erp.example.com")
    assert house.codes(status_of(admin)) == everywhere("valid")


def test_another_cluster(house: House) -> None:
    """``pg_dump`` and ``psql``: the same instance."""
    with Elsewhere(house.database.cluster) as cluster:
        move(house.database, cluster)
        moved = dataclasses.replace(house.database, cluster=cluster)
        with moved.server() as server:
            admin = Session(server.url, moved.name, "admin")
            assert house.codes(status_of(admin)) == everywhere("valid")
            assert take_note(admin)


def test_neutralised(house: House) -> None:
    """A staging copy on which only the binding fails works, installs included; it says what it is."""
    copy = house.duplicate("staging", neutralize=True)
    admin = house.log_in(copy)
    exact = house.licenses["exact"]
    before = remembered_of(copy, exact)
    admin.put(house.licenses["foreign"] + "\n" + exact)
    status = status_of(admin)
    assert (status.code, status.flags) == ("valid", ["staging"])
    assert set(status.licenses.values()) == {"valid"}
    assert take_note(admin)
    admin.call("ir.module.module", "update_list")
    admin.press("button_immediate_install", PAID)
    # Nothing is learned from it: anybody can call a database a copy for a moment.
    assert remembered_of(copy, exact) == before


def test_guard_and_gate_follow(house: House) -> None:
    """While it moves notes are made and no protected module is installed; then neither, until it is back."""
    copy = house.duplicate("follow")
    admin = house.log_in(copy)
    admin.put(house.licenses["tolerant"])
    assert take_note(admin)
    status = status_of(admin)
    assert (status.code, status.ok, status.changed) == ("moving", True, ["database_uuid", "domain"])
    assert status.next_change
    assert abs(status.next_change - time.time() - 14 * DAY) < 120
    admin.call("ir.module.module", "update_list")
    with pytest.raises(RuntimeError, match="Lab Paid cannot be installed: "):
        admin.press("button_immediate_install", PAID)
    banner = admin.banner()
    assert banner
    assert (banner["level"], banner["dismissible"]) == ("warning", False)
    let_pass(copy, admin, 15)
    time.sleep(1.1)
    assert status_of(admin).code == "wrong_instance"
    assert is_refused(admin, "aegis.demo.note", "AEGIS Demo: ")
    assert (admin.banner() or {})["level"] == "danger"
    comes_back(house, copy, admin)


def comes_back(house: House, copy: Database, admin: Session) -> None:
    """Have the copy be the instance again, and insist that this clears what was remembered of the move."""
    tolerant = house.licenses["tolerant"]
    assert remembered_of(copy, tolerant)["moving"]
    admin.set("database.uuid", str(house.database.parameter("database.uuid")))
    assert status_of(admin).code == "valid"
    assert take_note(admin)
    assert "moving" not in remembered_of(copy, tolerant)


def test_a_copy_starts_its_own_days(house: House) -> None:
    """Also the copy of a copy that has used up its own."""
    first, second = house.named("first_copy"), house.named("second_copy")
    house.manager.duplicate(house.database.name, first.name)
    admin = house.log_in(first)
    admin.put(house.licenses["exact"])
    assert take_note(admin)
    let_pass(first, admin, 15)
    assert status_of(admin).code == "wrong_instance"
    house.manager.duplicate(first.name, second.name)
    again = house.log_in(second)
    status = status_of(again)
    assert status.code == "moving"
    assert status.next_change
    assert abs(status.next_change - time.time() - 14 * DAY) < 120


def test_one_that_never_matched_has_no_days(house: House) -> None:
    """Pasted into a database that it is not for, it does not work at once, and nothing counts down."""
    copy = house.duplicate("never")
    copy.stop_working()
    admin = house.log_in(copy)
    copy.query("UPDATE aegis_state SET state = '{}'")
    admin.put(house.licenses["exact"])
    status = status_of(admin)
    assert (status.code, status.ok, status.changed) == ("wrong_instance", False, ["database_uuid", "domain"])
    assert is_refused(admin, "aegis.demo.note", "AEGIS Demo: ")


def test_no_days_where_the_vendor_gives_none(house: House) -> None:
    """``--move-grace-days 0``: refused from the first sight; the vendor's own number counts."""
    copy = house.duplicate("none")
    admin = house.log_in(copy)
    admin.put(house.licenses["named"])
    assert status_of(admin).code == "valid"
    admin.set("aegis.instance_id", "another-name")
    assert status_of(admin).code == "wrong_instance"
    assert status_of(admin).changed == ["database_uuid", "domain", "instance_id"]
