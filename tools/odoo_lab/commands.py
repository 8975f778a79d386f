"""The commands of the lab: run, expire, prepare, postgres, clean."""

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from odoo_lab import cluster, vendor
from odoo_lab.cluster import Cluster
from odoo_lab.database import fresh, install, template
from odoo_lab.rpc import call
from odoo_lab.series import SERIES, Odoo, environment, prepare
from odoo_lab.server import Server, data_folder, free_port
from odoo_lab.workspace import CHECKOUT, LAB, Unavailable, digest, progress

PORT = 8069
ACCOUNT = ("admin", "admin")
WELCOME = """
Odoo {series} is at   {url}
Login, password   admin, admin

{first}
2. Settings > AEGIS License: paste this one, press Validate.

{token}

3. {then}Write a note, print it.
4. See the license end within a minute, in another terminal: make expire

Ctrl-C stops all of it; the database stays for the next time.
"""


OFFERED = (
    "1. Apps > AEGIS Demo > Activate: refused, for want of a license.",
    "Apps > AEGIS Demo > Activate. ",
)
INSTALLED = ("1. AEGIS Demo is installed already; make clean begins anew.", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code. Whatever goes wrong is told in a sentence."""
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        chosen.command(chosen)
    except (Unavailable, RuntimeError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: stopped", file=sys.stderr)
        return 130
    return 0


def run(chosen: argparse.Namespace) -> None:
    """Serve a database of the lab until interrupted."""
    odoo = _prepare(chosen.series)
    token = vendor.issue("--days", "60")
    name = f"aegis_lab_{odoo.number}"
    with Cluster() as private:
        _make_database(odoo, private, name)
        arguments = ["--max-cron-threads=1"]
        server = Server(odoo, private, name, addons=_folders(_addons()), args=arguments, port=free_port(PORT))
        progress("starting Odoo")
        with server:
            state = _state(odoo.number)
            state.write_text(json.dumps({"url": server.url, "database": name}))
            try:
                sql = "SELECT 1 FROM ir_module_module WHERE name = 'aegis_demo' AND state = 'installed'"
                first, then = INSTALLED if private.query(name, sql) else OFFERED
                told = {
                    "series": odoo.number,
                    "url": server.url,
                    "token": token,
                    "first": first,
                    "then": then,
                }
                print(WELCOME.format(**told), flush=True)
                server.wait()
                raise RuntimeError(f"Odoo ended by itself; see {server.log}.")
            except KeyboardInterrupt:
                progress("stopping")
            finally:
                state.unlink(missing_ok=True)


def expire(chosen: argparse.Namespace) -> None:
    """Let the license of the running lab end in a minute."""
    number = chosen.series or _running()
    state = _state(number)
    if not state.is_file():
        raise Unavailable(
            f"No lab with Odoo {number} is running; start one with `make odoo SERIES={number}`."
        )
    lab = json.loads(state.read_text())
    end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=60)
    token = vendor.issue("--expires", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
    # What an administrator could do by hand, among the system parameters.
    what = ("ir.config_parameter", "set_param", "aegis.license_tokens", token)
    call(lab["url"], lab["database"], ACCOUNT, *what)
    local = end.astimezone()
    print(f"Stored, in place of what was there. {lab['url']} now shows a license that is about to expire,")
    print(f"and from {local:%H:%M:%S} ({end:%H:%M:%S} UTC) on one that has expired: reload the page then.")


def warm_up(chosen: argparse.Namespace) -> None:
    """Prepare all that a run needs."""
    odoo = _prepare(chosen.series)
    with Cluster() as private:
        template(odoo, private)
    progress(f"Odoo {odoo.number} is ready")


def postgres(chosen: argparse.Namespace) -> None:
    """Run a program with a PostgreSQL of its own, which AEGIS_TEST_POSTGRES names to it."""
    with Cluster() as private:
        done = subprocess.run(
            chosen.program, check=False, env={**os.environ, "AEGIS_TEST_POSTGRES": private.address}
        )
    if done.returncode:
        sys.exit(done.returncode)


def clean(_chosen: argparse.Namespace) -> None:
    """Stop the PostgreSQL of this checkout and remove its databases, which may lie outside the checkout."""
    cluster.clean()


def _prepare(number: str) -> Odoo:
    odoo = prepare(number)
    return odoo.using(environment("lab", vendor.wheel()))


def _make_database(odoo: Odoo, private: Cluster, name: str) -> None:
    """Make the database on first use, and bring it up to date where the addons have changed since."""
    found = _addons()
    now, marker = digest(found), data_folder(name) / "installed"
    known = marker.read_text() if marker.is_file() and private.exists(name) else None
    if known == now:
        return
    if known is None:
        fresh(odoo, private, name)
    # What depends on it is upgraded too, if it is installed. The examples wait in Odoo's apps.
    progress("installing aegis_client")
    install(odoo, private, name, ["aegis_client"], addons=_folders(found))
    marker.write_text(now)


def _addons() -> list[Path]:
    """The addons of this checkout: ours, then the examples."""
    manifests = [*CHECKOUT.glob("aegis_client/__manifest__.py"), *CHECKOUT.glob("examples/*/__manifest__.py")]
    return [manifest.parent for manifest in manifests]


def _folders(addons: Sequence[Path]) -> list[Path]:
    """The folders to name in the addons path."""
    return list(dict.fromkeys(addon.parent for addon in addons))


def _state(number: str) -> Path:
    """The file that says where the running lab of a series is."""
    return LAB / f"running-{number}.json"


def _running() -> str:
    """The series of the one lab that is running."""
    found = [number for number in SERIES if _state(number).is_file()]
    if not found:
        raise Unavailable("No lab is running; start one with `make run`.")
    if len(found) > 1:
        raise Unavailable(f"Odoo {' and '.join(found)} are running; say which: make expire SERIES={found[0]}")
    return found[0]


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Stop in order; a second signal does not disturb that."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="odoo_lab", description="Real Odoo servers on a private PostgreSQL."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, default in (
        ("run", run, "19"),
        ("prepare", warm_up, "19"),
        ("expire", expire, None),
    ):
        one = commands.add_parser(name, help=command.__doc__)
        one.add_argument("--series", choices=SERIES, default=default, help="the series of Odoo")
        one.set_defaults(command=command)
    beside = commands.add_parser("postgres", help=postgres.__doc__)
    beside.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")
    beside.set_defaults(command=postgres)
    commands.add_parser("clean", help=clean.__doc__).set_defaults(command=clean)
    return parser
