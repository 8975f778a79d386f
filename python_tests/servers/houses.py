"""Where a database can move to: what Odoo's database manager does, and another PostgreSQL."""

import base64
import subprocess
from pathlib import Path
from types import TracebackType

from odoo_lab import Cluster
from servers.installation import Database
from servers.web import Session

MASTER = "admin"
"""The master password of an Odoo without a configuration."""


class Manager:
    """The database manager of a running server."""

    def __init__(self, admin: Session) -> None:
        self._admin = admin

    def duplicate(self, source: str, name: str, *, neutralize: bool = False) -> None:
        """Duplicate a database."""
        self._call("duplicate_database", source, name, neutralize)

    def dump(self, name: str) -> bytes:
        """Give a backup of a database with its files."""
        return base64.b64decode(self._call("dump", name, "zip"))

    def restore(self, name: str, backup: bytes, *, copy: bool) -> None:
        """Restore a backup: as a copy, or because the database was moved."""
        self._call("restore", name, base64.b64encode(backup).decode(), copy)

    def rename(self, name: str, other: str) -> None:
        """Rename a database."""
        self._call("rename", name, other)

    def _call(self, method: str, *args: object) -> str:
        answer = self._admin.post("/jsonrpc", service="db", method=method, args=[MASTER, *args])
        return str(answer)


class Elsewhere(Cluster):
    """A second PostgreSQL beside the one of the tests, as a context manager."""

    def __init__(self, first: Cluster) -> None:
        super().__init__()
        self._first = first
        self.folder = first.folder / "elsewhere"

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return self._first.programs

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Those who use the first one are counted together with its users.
        self.halt()
        self.stop()


def move(database: Database, target: Cluster) -> None:
    """Bring a database to another cluster, by ``pg_dump`` and ``psql``."""
    target.drop(database.name)
    target.create(database.name)
    programs = database.cluster.programs
    which = ("--port=5432", "--username=odoo", database.name)
    dump: list[str | Path] = [programs / "pg_dump", "--no-owner", f"--host={database.cluster.folder}", *which]
    load: list[str | Path] = [
        programs / "psql",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        f"--host={target.folder}",
        *which,
    ]
    dumped = subprocess.run(dump, check=True, capture_output=True)
    subprocess.run(load, check=True, capture_output=True, input=dumped.stdout)
