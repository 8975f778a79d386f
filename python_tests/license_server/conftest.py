"""What the tests of the license server share."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from license_server import server
from license_server.server import Server, Start
from license_server.stores import PostgreSql, Sqlite, Store, new_database
from odoo_lab import Cluster


def pytest_configure() -> None:
    """Leave no setting of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("AEGIS_", "VAULT_", "AWS_")) or name == "DATABASE_URL":
            del os.environ[name]


@pytest.fixture(scope="session")
def program() -> Path:
    """Give the ``aegis`` command."""
    return server.program()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Give the private PostgreSQL of this checkout."""
    with Cluster() as running:
        yield running


@pytest.fixture
def postgres(cluster: Cluster) -> Iterator[PostgreSql]:
    """Give a new database on PostgreSQL."""
    with new_database(cluster) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give a new database of each kind."""
    if request.param == "sqlite":
        return Sqlite(tmp_path / "licenses.db")
    made: PostgreSql = request.getfixturevalue("postgres")
    return made


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Start]:
    """Give what starts servers."""
    with ExitStack() as running:

        def begin(
            name: str = "server", env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
        ) -> Server:
            made = Server(program, tmp_path / name, env, prefix)
            if env and "AEGIS_DATABASE_URL" in env:
                made.must("migrate")
            return running.enter_context(made)

        yield begin
