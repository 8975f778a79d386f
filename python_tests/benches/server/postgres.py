"""The PostgreSQL of the measurement: as it comes, durable, and the same for all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from odoo_lab.cluster import NAMES, PORT, USER, Cluster
from odoo_lab.workspace import Unavailable, remove

HERE = Path(__file__).resolve().parent
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "250",
}
#: pgbench's own threads: more than there are cores would take from PostgreSQL.
THREADS = 2


class Postgres(Cluster):
    """A server with PostgreSQL's own settings, but for where it is found and how many may connect."""

    def __init__(self) -> None:
        super().__init__(NAMES[1], SETTINGS)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def start(self) -> None:
        """Start it with empty databases.

        Raises:
            Unavailable: there is no PostgreSQL here and none to be fetched, or it is without ``pgbench``.
        """
        self.discard()
        super().start()
        for program in ("pgbench", "psql"):
            if not (self.programs / program).is_file():
                raise Unavailable(
                    f"{self.programs} is without {program}; install PostgreSQL's client programs."
                )

    def stop(self) -> None:
        """Stop it, and give the disk back."""
        super().stop()
        self.discard()

    def discard(self) -> None:
        """Remove the databases; what was fetched stays."""
        self.halt()
        remove(self.folder / "data")

    def url(self, database: str) -> str:
        """How the license server finds a database."""
        return self.address.replace("/postgres?", f"/{database}?")

    def sqlalchemy_url(self, database: str) -> str:
        """How SQLAlchemy finds it, over the same socket."""
        return f"postgresql+asyncpg://{USER}@/{database}?host={self.folder}&port={PORT}"

    def sql(self, database: str, statements: str) -> list[list[str]]:
        """Run statements, and give the rows of all of them.

        Raises:
            RuntimeError: PostgreSQL refused one; the message is PostgreSQL's.
        """
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t")
        done = self._client(
            "psql", "--set=ON_ERROR_STOP=1", *options, f"--dbname={database}", text=statements
        )
        return [line.split("\t") for line in done.splitlines()]

    def make(self, database: str) -> None:
        """Create an empty database."""
        self.sql("postgres", f'CREATE DATABASE "{database}"')

    def settle(self, database: str) -> None:
        """Do now what would otherwise be done at some time in the middle of a measurement."""
        self.sql(database, "VACUUM (ANALYZE); CHECKPOINT;")

    def pgbench(
        self, database: str, script: str, clients: int, seconds: float, values: dict[str, str]
    ) -> float:
        """Run one of the scripts of ``pgbench/``, and give its transactions a second, without connecting."""
        output = self._client(
            "pgbench",
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            f"--jobs={min(THREADS, clients)}",
            f"--time={max(1, round(seconds))}",
            f"--file={HERE / 'pgbench' / script}.sql",
            *(f"--define={name}={value}" for name, value in values.items()),
            database,
        )
        found = re.search(r"^tps = ([0-9.]+) ", output, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: 0 ", output, re.MULTILINE)
        if not found or not failed:
            raise RuntimeError(f"pgbench did not do all of its transactions: {output}")
        return float(found[1])

    def _client(self, program: str, *options: str, text: str = "") -> str:
        place = (f"--host={self.folder}", f"--port={PORT}", f"--username={USER}")
        done = subprocess.run(
            [self.programs / program, *place, *options],
            check=False,
            capture_output=True,
            text=True,
            input=text,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")
        return done.stdout
