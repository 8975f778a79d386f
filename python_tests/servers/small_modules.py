"""Small modules that the tests write: protected ones, and others that come along with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

RELEASED = "2026-11-01"
HOOK = """\
from odoo.addons.aegis_client.gate import pre_init_hook_for

pre_init_hook = pre_init_hook_for(__name__)
"""
IMPORTS = "from odoo import api, fields, models\n\n\n"
MODEL = """\
class {class_name}(models.Model):
    _name = "{model}"
    _description = "{model}"

    name = fields.Char()
    active = fields.Boolean(default=True)
"""


def model_of(module: str) -> str:
    """Give the model of a module: ``lab.paid`` for ``lab_paid``."""
    return module.replace("_", ".")


def write_module(
    folder: Path,
    name: str,
    *depends: str,
    code: str | None = None,
    models: Sequence[str] | None = None,
    protects: Mapping[str, object] | None = None,
    **manifest: object,
) -> None:
    """Write a module, or write it anew.

    Args:
        folder: a folder of addons.
        name: its technical name.
        depends: the modules that it depends on.
        code: the classes of its models; without it has one, named after it.
        models: the names of these models.
        protects: what it declares under ``aegis``; a protected module depends on ``aegis_client``.
        manifest: further entries of the manifest.
    """
    place = folder / name
    (place / "security").mkdir(parents=True, exist_ok=True)
    own = [model_of(name)] if models is None else models
    if code is None:
        code = MODEL.format(class_name=name.title().replace("_", ""), model=own[0])
    hook = {"pre_init_hook": "pre_init_hook", "aegis": dict(protects)} if protects is not None else {}
    wholly = {
        "name": name.replace("_", " ").title(),
        "description": f"The module {name} of the tests.",
        "version": "1.0.0",
        "license": "LGPL-3",
        "author": "AEGIS",
        "depends": [*depends, *(["aegis_client"] if protects is not None else [])],
        "data": ["security/ir.model.access.csv"],
        **hook,
        **manifest,
    }
    (place / "__manifest__.py").write_text(f"{wholly!r}\n")
    (place / "__init__.py").write_text("from . import models\n" + (HOOK if protects is not None else ""))
    (place / "models.py").write_text(IMPORTS + code)
    (place / "security" / "ir.model.access.csv").write_text(_rights(own))


def write_paid(folder: Path, name: str, *depends: str, **manifest: object) -> None:
    """Write a module whose model is guarded."""
    declaration = {"models": [model_of(name)], "released": RELEASED}
    write_module(folder, name, *depends, protects=declaration, **manifest)  # type: ignore[arg-type]


def _rights(models: Sequence[str]) -> str:
    lines = ["id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink"]
    for model in models:
        plain = model.replace(".", "_")
        lines.append(f"access_{plain},{model},model_{plain},base.group_user,1,1,1,1")
    return "\n".join([*lines, ""])
