"""The databases of the license server, as the tests see them past the server."""

import sqlite3
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from odoo_lab.cluster import PORT, SETTINGS, USER, Cluster
from odoo_lab.workspace import remove


class Store(ABC):
    """A database."""

    @property
    @abstractmethod
    def address(self) -> str:
        """How the server finds it."""

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask it something."""

    @property
    def env(self) -> Mapping[str, str]:
        """The settings of a server that uses it."""
        return {"AEGIS_DATABASE_URL": self.address}


@dataclass(frozen=True)
class Sqlite(Store):
    """A file."""

    file: Path

    @property
    def address(self) -> str:
        """How the server finds it."""
        return f"sqlite://{self.file}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask it something."""
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(sql).fetchall()


@dataclass(frozen=True)
class PostgreSql(Store):
    """A database of a cluster."""

    cluster: Cluster
    name: str

    @property
    def address(self) -> str:
        """How the server finds it."""
        folder = quote(str(self.cluster.folder), safe="")
        return f"postgres://{USER}@localhost:{PORT}/{self.name}?host={folder}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask it something."""
        with connected(self.cluster, self.name) as connection:
            return connection.execute(sql.encode()).fetchall()


class OwnCluster(Cluster):
    """A PostgreSQL of one test's own: it keeps what it has acknowledged, and may be stopped."""

    def __init__(self) -> None:
        durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
        super().__init__(settings={**SETTINGS, **durable})
        self._carried = Cluster()
        # The path of a socket is short, and the account of the server has to get there.
        self.folder = Path(tempfile.gettempdir()) / f"aegis-{uuid.uuid4().hex[:12]}"

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs, which are those of the cluster of this checkout."""
        return self._carried.programs

    def start(self) -> None:
        """Start it."""
        self._own()
        self._start()

    def stop(self) -> None:
        """Stop it and remove what it stored."""
        self.halt("immediate")
        remove(self.folder)


@contextmanager
def new_database(cluster: Cluster) -> Iterator[PostgreSql]:
    """Make a database, which is dropped at the end if its server still runs."""
    name = f"licenses_{uuid.uuid4().hex[:12]}"
    with connected(cluster, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield PostgreSql(cluster, name)
    with connected(cluster, "postgres") as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def connected(cluster: Cluster, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """Connect; each statement is a transaction of its own."""
    return psycopg.connect(
        host=str(cluster.folder), port=PORT, user=USER, dbname=database, autocommit=True, connect_timeout=5
    )
