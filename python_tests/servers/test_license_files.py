"""License files, for installations without a browser, while Odoo runs."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from odoo_lab import LAB, Server
from servers.installation import Database, Installation
from servers.web import Session

#: The files are looked at once a second.
MOMENT = 1.3


def lines(banner: "dict[str, list[str]] | None") -> str:
    """Give the text of a banner."""
    return " ".join(banner["lines"]) if banner else ""


def later(session: Session) -> str:
    """Give the text of the banner when the files were looked at again."""
    time.sleep(MOMENT)
    return lines(session.banner())


@pytest.fixture(scope="module")
def folder(installation: Installation) -> Path:
    """Give a folder for license files that Odoo is told of."""
    made = LAB / "data" / f"suite_{installation.number}_licenses"
    made.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():
        file.unlink()
    return made


@pytest.fixture(scope="module")
def databases(installation: Installation) -> list[Database]:
    """Give two databases that one server serves."""
    return [installation.database("files_a"), installation.database("files_b")]


@pytest.fixture(scope="module")
def server(databases: list[Database], folder: Path) -> Iterator[Server]:
    """Give the server of both, which is told of the folder."""
    names = "|".join(database.name for database in databases)
    settings = {"AEGIS_LICENSE_FILE": str(folder)}
    with databases[0].server(f"--db-filter=^({names})$", env=settings) as running:
        yield running


@pytest.fixture(scope="module")
def admins(server: Server, databases: list[Database]) -> list[Session]:
    """Give an administrator of each."""
    return [Session(server.url, database.name, "admin") for database in databases]


@pytest.fixture
def banner(admins: list[Session], folder: Path) -> Callable[[int], str]:
    """Give what the banner of a database says, once the files were looked at again; none lies there yet."""
    for file in folder.iterdir():
        file.unlink()
    return lambda index: later(admins[index])


def test_a_file_appears_changes_and_vanishes(
    installation: Installation, databases: list[Database], folder: Path, banner: Callable[[int], str]
) -> None:
    """Each is seen within a second, without a restart."""
    file = folder / f"{databases[0].name}.license"
    assert "no license" in banner(0)
    file.write_text(installation.licenses.license())
    assert banner(0) == ""
    file.write_text(installation.licenses.license(5))
    assert "in 5 days" in banner(0)
    file.unlink()
    assert "no license" in banner(0)


def test_a_broken_file_keeps_its_last_good_content(
    installation: Installation,
    databases: list[Database],
    folder: Path,
    banner: Callable[[int], str],
    admins: list[Session],
) -> None:
    """The page names the file and what is wrong; it is read again when it is right."""
    file = folder / f"{databases[0].name}.license"
    file.write_text(installation.licenses.license())
    assert banner(0) == ""
    file.write_bytes(b"\xff\xfe garbage")
    assert banner(0) == ""
    page = admins[0].page()
    assert str(file) in page
    assert "cannot be read" in page
    file.write_text(installation.licenses.license(3))
    assert "in 3 days" in banner(0)
    assert "cannot be read" not in admins[0].page()


def test_a_file_that_may_not_be_read_keeps_its_last_good_content(
    installation: Installation, databases: list[Database], folder: Path, banner: Callable[[int], str]
) -> None:
    """Taken away by its mode, or by a folder in its place where the tests run as root."""
    file = folder / f"{databases[0].name}.license"
    file.write_text(installation.licenses.license())
    assert banner(0) == ""
    if os.geteuid():
        file.chmod(0)
        assert banner(0) == ""
        file.unlink()
    else:
        file.unlink()
        file.mkdir()
        assert banner(0) == ""
        file.rmdir()
    assert "no license" in banner(0)


def test_each_database_has_its_file_and_all_have_the_default(
    installation: Installation, databases: list[Database], folder: Path, banner: Callable[[int], str]
) -> None:
    """The file of one database is none of the other's."""
    (folder / f"{databases[1].name}.license").write_text(installation.licenses.license())
    assert ("no license" in banner(0), banner(1)) == (True, "")
    (folder / "default.license").write_text(installation.licenses.license())
    assert (banner(0), banner(1)) == ("", "")


def test_a_shared_file_shows_each_database_what_concerns_it(
    installation: Installation,
    databases: list[Database],
    folder: Path,
    banner: Callable[[int], str],
    admins: list[Session],
) -> None:
    """Licenses bound to the other database, and for modules that are not installed, are not shown."""
    tokens = [
        installation.licenses.license(customer=f"Customer {at}", instance_fingerprint=each.fingerprint())
        for at, each in enumerate(admins)
    ]
    tokens.append(installation.licenses.license(module="lab_not_installed", customer="Elsewhere"))
    (folder / "default.license").write_text("\n".join(tokens))
    assert (banner(0), banner(1)) == ("", "")
    pages = [admin.page() for admin in admins]
    shown = [[name for name in ("Customer 0", "Customer 1", "Elsewhere") if name in page] for page in pages]
    assert shown == [["Customer 0"], ["Customer 1"]]


def test_a_named_file(installation: Installation, tmp_path: Path) -> None:
    """AEGIS_LICENSE_FILE may name the file itself; what is pasted counts beside it."""
    database = installation.database("file_named")
    file = tmp_path / "all.license"
    with database.server(env={"AEGIS_LICENSE_FILE": str(file)}) as server:
        admin = Session(server.url, database.name, "admin")
        assert "no license" in later(admin)
        file.write_text(installation.licenses.license(2))
        assert "in 2 days" in later(admin)
        assert str(file) in admin.page()
        admin.call("aegis.license", "store", installation.licenses.license(90))
        assert later(admin) == ""


def test_a_file_at_the_root_of_an_addons_folder(installation: Installation, tmp_path: Path) -> None:
    """As it lies in an image or a repository."""
    database = installation.database("file_root")
    root = tmp_path / "addons"
    # A folder counts as one of addons only with an addon in it.
    (root / "aegis_nothing").mkdir(parents=True)
    (root / "aegis_nothing" / "__init__.py").touch()
    manifest = {
        "name": "Nothing",
        "version": "1.0.0",
        "license": "LGPL-3",
        "author": "AEGIS",
        "installable": False,
    }
    (root / "aegis_nothing" / "__manifest__.py").write_text(repr(manifest))
    (root / "aegis.license").write_text(installation.licenses.license())
    placed = database.using(database.odoo.python, [root, *database.addons])
    with placed.server() as server:
        admin = Session(server.url, database.name, "admin")
        assert admin.banner() is None
        assert str(root / "aegis.license") in admin.page()
        (root / "aegis.license").unlink()
        assert "no license" in later(admin)
