"""An agreed number of users or companies is told about, and never refuses anything."""

from collections.abc import Iterator

import pytest
from servers.installation import USER, Database, Installation
from servers.licenses import Licenses
from servers.statuses import begin_anew, status_of, take_note
from servers.web import Session


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[tuple[Database, Session, Session]]:
    """Give a server with two internal users: the administrator, and somebody else."""
    database = installation.database("limits")
    with database.server() as server:
        admin, user = [Session(server.url, database.name, login) for login in ("admin", USER)]
        yield database, admin, user


@pytest.fixture
def admin(running: tuple[Database, Session, Session]) -> Session:
    """Give the administrator, with nothing stored."""
    database, admin, _user = running
    begin_anew(database, admin)
    return admin


@pytest.fixture
def user(running: tuple[Database, Session, Session]) -> Session:
    """Give somebody else."""
    return running[2]


def told(admin: Session) -> str:
    """Give what the banner says."""
    banner = admin.banner()
    assert banner is None or banner["level"] == "warning"
    return " ".join(banner["lines"]) if banner else ""


def test_more_users_than_agreed(admin: Session, user: Session, licenses: Licenses) -> None:
    """Administrators are told; all works on, and nobody else hears of it."""
    admin.put(licenses.license(limits={"users": 1}))
    assert "2 of 1" in told(admin)
    assert "2 of 1" in admin.page()
    assert user.banner() is None
    status = status_of(admin)
    assert (status.code, status.ok) == ("valid", True)
    assert take_note(admin)


def test_more_companies_than_agreed(admin: Session, licenses: Licenses) -> None:
    """The same."""
    admin.put(licenses.license(limits={"users": 10, "companies": 0}))
    assert "1 of 0" in told(admin)
    assert take_note(admin)


def test_a_user_is_an_active_internal_one(admin: Session, licenses: Licenses) -> None:
    """Who left and who only has access to a portal do not count."""
    admin.put(licenses.license(limits={"users": 2}))
    assert told(admin) == ""
    field = "group_ids" if "group_ids" in admin.call("res.users", "fields_get", [], ["type"]) else "groups_id"
    portal = admin.call("ir.model.data", "search_read", [["name", "=", "group_portal"]], ["res_id"])[0]
    groups = {field: [(6, 0, [portal["res_id"]])]}
    admin.call("res.users", "create", {"name": "Visitor", "login": "visitor", **groups})
    third = admin.call("res.users", "create", {"name": "Third", "login": "third"})
    assert "3 of 2" in told(admin)
    admin.call("res.users", "write", [third], {"active": False})
    assert told(admin) == ""


def test_the_most_generous_license_counts(admin: Session, licenses: Licenses) -> None:
    """A working one without a limit agrees to any number; one that has ended agrees to nothing."""
    few = licenses.license(limits={"users": 1})
    admin.put(f"{few}\n{licenses.license(-3)}")
    assert "2 of 1" in told(admin)
    admin.put(f"{few}\n{licenses.license(limits={'users': 5})}")
    assert told(admin) == ""
    admin.put(f"{few}\n{licenses.license()}")
    assert told(admin) == ""
