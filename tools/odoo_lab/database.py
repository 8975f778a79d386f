"""Databases of the lab: copies of one that was installed once."""

import shutil
import uuid
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from odoo_lab.cluster import Cluster
from odoo_lab.series import Odoo
from odoo_lab.server import data_folder, run_odoo
from odoo_lab.workspace import lock, progress, remove

MODULES = ("base", "web", "base_setup")


def fresh(
    odoo: Odoo,
    cluster: Cluster,
    name: str,
    modules: Sequence[str] = (),
    *,
    addons: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
) -> None:
    """Make the database ``name`` anew, with base, web, base_setup and ``modules``; log in as admin, admin.

    Raises:
        RuntimeError: a module could not be installed; the message ends with what Odoo said.
    """
    copy(cluster, template(odoo, cluster), name)
    if modules:
        install(odoo, cluster, name, modules, addons=addons, env=env)


def copy(cluster: Cluster, source: str, name: str) -> None:
    """Make the database ``name`` anew as a copy of ``source``, its files included.

    The copy is another instance, as if Odoo had duplicated it.
    """
    discard(cluster, name)
    cluster.create(name, source)
    _renew_identity(cluster, name)
    files = data_folder(source) / "filestore" / source
    if files.is_dir():
        shutil.copytree(files, data_folder(name) / "filestore" / name)


def install(
    odoo: Odoo,
    cluster: Cluster,
    name: str,
    modules: Sequence[str],
    *,
    addons: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
) -> None:
    """Install modules into a database as ``odoo-bin`` does; those that are installed are upgraded.

    Raises:
        RuntimeError: Odoo failed; the message ends with what it said.
    """
    names = ",".join(modules)
    done = run_odoo(odoo, cluster, name, "-i", names, "-u", names, addons=addons, env=env)
    states = dict(cluster.query(name, "SELECT name, state FROM ir_module_module WHERE state = 'installed'"))
    missing = [module for module in modules if module not in states]
    # Odoo ends with 0 where it does not know a module.
    if done.returncode or missing:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise RuntimeError(f"Odoo {odoo.number} did not install {', '.join(missing or modules)}:\n{tail}")


def discard(cluster: Cluster, name: str) -> None:
    """Remove a database and its files, if there is one."""
    cluster.drop(name)
    remove(data_folder(name))


def template(odoo: Odoo, cluster: Cluster) -> str:
    """Give the database to copy, installed on first use; it gets its name only when it is complete."""
    name = f"template_{odoo.number}_{zlib.crc32(str(odoo.root).encode()):08x}"
    with lock(name):
        if not cluster.exists(name):
            progress(f"installing Odoo {odoo.number} into a database (once)")
            work = f"{name}_new"
            discard(cluster, work)
            cluster.create(work)
            install(odoo, cluster, work, MODULES)
            remove(data_folder(name))
            _move_files(work, name)
            cluster.rename(work, name)
    return name


def _move_files(work: str, name: str) -> None:
    files = data_folder(work) / "filestore"
    if (files / work).is_dir():
        (files / work).rename(files / name)
    data_folder(work).rename(data_folder(name))


def _renew_identity(cluster: Cluster, name: str) -> None:
    """Give a copy an identity of its own, as Odoo does when it duplicates a database."""
    for key in ("database.uuid", "database.secret"):
        sql = "UPDATE ir_config_parameter SET value = %s WHERE key = %s"
        cluster.query(name, sql, [str(uuid.uuid4()), key])
