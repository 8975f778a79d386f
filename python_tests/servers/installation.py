"""An Odoo of one series with the addon on it, and databases to try things on."""

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from odoo_lab import (
    CHECKOUT,
    Cluster,
    Odoo,
    Server,
    copy,
    discard,
    environment,
    fresh,
    install,
    run_odoo,
)
from servers.licenses import Licenses
from servers.web import Session

ADDONS = (CHECKOUT, CHECKOUT / "examples")
"""The addon, and a module that it protects."""
USER = "user"
"""Login and password of one who is no administrator."""

#: What Odoo says about itself or the machine, and why it is none of ours.
ALLOWED = {
    r"Running as user 'root' is a security risk": "the machine of the tests may run everything as root",
    r"Using the user 'root' is a security risk": "the same for PostgreSQL",
    r"odoo\.tools\.config.*unknown option": "an option that the lab passes to all series",
}
COMPLAINT = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) .*$", re.MULTILINE)
#: What a refused module may not leave; the models of the tests are named after their modules.
LEFTOVERS = """
SELECT name || ' is ' || state FROM ir_module_module WHERE state LIKE 'to %%'
UNION ALL SELECT name || ' is ' || state FROM ir_module_module WHERE name = ANY(%s) AND state <> 'uninstalled'
UNION ALL SELECT 'table ' || tablename FROM pg_tables WHERE tablename = ANY(%s)
UNION ALL SELECT 'model ' || model FROM ir_model WHERE replace(model, '.', '_') = ANY(%s)
UNION ALL SELECT 'identifier ' || module || '.' || name FROM ir_model_data WHERE module = ANY(%s)
"""
CREATE_USER = f"""
users = env["res.users"]
field = "group_ids" if "group_ids" in users._fields else "groups_id"
groups = [(6, 0, [env.ref("base.group_user").id])]
users.create({{"name": "Marc User", "login": {USER!r}, "password": {USER!r}, field: groups}})
env.ref("base.user_admin").write({{"email": "admin@example.com"}})
env.cr.commit()
"""


@dataclasses.dataclass(frozen=True)
class Database:
    """A database, and how to reach it.

    Attributes:
        name: its name.
        odoo: the Odoo that it belongs to, in an environment with or without the wheel.
        cluster: where it lies.
        addons: the folders of addons besides Odoo's own.
    """

    name: str
    odoo: Odoo
    cluster: Cluster
    addons: tuple[Path, ...] = ADDONS

    def query(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Run one statement; see ``Cluster.query``."""
        return self.cluster.query(self.name, sql, params)

    def run(
        self, *args: str, env: Mapping[str, str] | None = None, text: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``odoo-bin`` to its end; see ``run_odoo``."""
        return run_odoo(
            self.odoo, self.cluster, self.name, *args, addons=self.addons, env=env, text=text, timeout=600
        )

    def execute(self, script: str, env: Mapping[str, str] | None = None) -> str:
        """Run a script in ``odoo-bin shell`` and give what came out.

        Raises:
            RuntimeError: it failed; the message ends with what Odoo said.
        """
        # The shell prints a traceback and ends with 0.
        done = self.run("shell", text=f"{script}\nprint('COMPLETE')\n", env=env)
        if not re.search(r"^(>>> )*COMPLETE", done.stdout, re.MULTILINE):
            raise RuntimeError("\n".join(done.stdout.splitlines()[-20:]))
        return done.stdout

    def ask(self, expression: str, env: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - whatever it is
        """Evaluate an expression in ``odoo-bin shell``; it must be plain data."""
        said = self.execute(f"import json\nprint('ANSWER', json.dumps({expression}))", env)
        return json.loads(said.split("ANSWER ", 1)[1].splitlines()[0])

    def server(self, *args: str, env: Mapping[str, str] | None = None) -> Server:
        """Give a server of this database, to be started."""
        return Server(self.odoo, self.cluster, self.name, addons=self.addons, args=args, env=env)

    def state(self, module: str) -> str:
        """Give the state of a module as Odoo records it; empty when it does not know the module."""
        rows = self.query("SELECT state FROM ir_module_module WHERE name = %s", module)
        return rows[0][0] if rows else ""

    def leftovers(self, *modules: str) -> list[str]:
        """List what modules that were refused have left behind, and what else waits to be installed."""
        # An array for each: a query takes a process.
        return [text for (text,) in self.query(LEFTOVERS, *[list(modules)] * LEFTOVERS.count("%s"))]

    def stop_working(self) -> None:
        """Have all protected modules never worked, so that each status counts at once."""
        never = "worked = FALSE, worked_until = NULL, since = NULL"
        self.query(f"UPDATE aegis_countdown SET {never} RETURNING module")  # noqa: S608

    def parameter(self, key: str) -> str | None:
        """Read a parameter as it is stored."""
        rows = self.query("SELECT value FROM ir_config_parameter WHERE key = %s", key)
        return rows[0][0] if rows else None

    def using(self, python: Path, addons: Sequence[Path] | None = None) -> "Database":
        """Give the same database as seen from another environment, or with other folders of addons."""
        odoo = self.odoo.using(python)
        return dataclasses.replace(self, odoo=odoo, addons=self.addons if addons is None else tuple(addons))

    def without_engine(self) -> "Database":
        """Give the same database as seen from an environment that lacks the wheel."""
        return self.using(environment())


@dataclasses.dataclass(frozen=True)
class Installation:
    """An Odoo of a series whose environment has the wheel.

    Attributes:
        odoo: that Odoo.
        cluster: where its databases lie.
        licenses: the vendor that it trusts.
    """

    odoo: Odoo
    cluster: Cluster
    licenses: Licenses

    @property
    def number(self) -> str:
        """The series, such as ``"19"``."""
        return self.odoo.number

    def empty(self, name: str) -> Database:
        """Make a database without the addon."""
        database = self._database(name)
        fresh(self.odoo, self.cluster, database.name)
        return database

    def database(self, name: str) -> Database:
        """Make a database with the addon, the protected module and a user; it has no license."""
        database = self._database(name)
        source = f"suite_{self.number}_template"
        if not self.cluster.exists(source):
            raise RuntimeError("make the template first")
        copy(self.cluster, source, database.name)
        return database

    def make_template(self, folder: Path) -> None:
        """Make what ``database`` copies, with the assets of the web client in it. Takes half a minute.

        Args:
            folder: where a license file may be put.
        """
        # What a killed run has left would be in the way.
        self.discard_all()
        database = self._database("template")
        fresh(self.odoo, self.cluster, database.name)
        file = folder / "install.license"
        file.write_text(self.licenses.license())
        # Installing a protected module takes a license; none is stored.
        settings = {"AEGIS_LICENSE_FILE": str(file)}
        modules = ["aegis_client", "aegis_demo"]
        install(self.odoo, self.cluster, database.name, modules, addons=ADDONS, env=settings)
        database.stop_working()
        database.execute(CREATE_USER)
        with database.server() as server:
            Session(server.url, database.name, "admin").load_assets()

    def discard_all(self) -> None:
        """Remove all databases that were made here, with their files."""
        rows = self.cluster.query("postgres", "SELECT datname FROM pg_database")
        for (name,) in rows:
            if name.startswith(self._database("").name):
                discard(self.cluster, name)

    def _database(self, name: str) -> Database:
        return Database(f"suite_{self.number}_{name}", self.odoo, self.cluster)


def engine_only(wheel: Path) -> Path:
    """Give the interpreter of an environment that has the wheel without the addon that comes with it.

    Odoo prefers the wheel's copy of the addon to the one of this checkout, which has the tests.
    """
    python = environment("suite-engine", wheel)
    for carried in python.parents[1].glob("lib/python3*/site-packages/odoo"):
        shutil.rmtree(carried)
    return python


def complaints(log: str) -> list[str]:
    """Give the warnings and errors of a log, without those that are none of ours."""
    found = [match.group() for match in COMPLAINT.finditer(log)]
    return [line for line in found if not any(re.search(pattern, line) for pattern in ALLOWED)]
