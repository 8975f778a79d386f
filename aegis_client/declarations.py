"""What a protected module declares under ``aegis`` in its manifest. Plain Python, no Odoo."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

OPERATIONS = frozenset(["create", "write"])
"""What can be guarded."""


class Declaration(NamedTuple):
    """What a module declares, as far as it makes sense.

    ``models`` has the guarded operations of each model, ``menus`` complete XML ids; ``reports`` says whether
    reports carry a watermark; ``released`` is ``YYYY-MM-DD``; ``problems`` says, a sentence each, what makes
    no sense.
    """

    models: Mapping = MappingProxyType({})
    menus: tuple = ()
    reports: bool = True
    released: str | None = None
    problems: tuple = ()


def declared(module, manifest):
    """Read the declaration of a module. What is wrong in it is left out, and told.

    :param str module: technical name of the module
    :param manifest: its manifest, with a key ``aegis``
    :rtype: Declaration
    """
    given = manifest["aegis"]
    if not isinstance(given, dict):
        return Declaration(problems=('"aegis" in the manifest is to be a dictionary',))
    readers = {"models": _models, "menus": _menus, "reports": _reports, "released": _released}
    values = {}
    problems = [f'"{name}" under "aegis" is not known' for name in given if name not in readers]
    for name, read in readers.items():
        if given.get(name) is None:
            continue
        try:
            values[name] = read(module, given[name])
        except ValueError as problem:
            problems.append(f'"{name}" under "aegis" is to be {problem}')
    return Declaration(**values, problems=tuple(problems))


def _models(_module, given):
    wanted = dict.fromkeys(given, ("create",)) if _is_list(given) else given
    if not isinstance(wanted, dict) or not _is_list(list(wanted)):
        raise ValueError("a list of models, or a dictionary of models and operations")
    if not all(_is_list(names) and names and OPERATIONS.issuperset(names) for names in wanted.values()):
        raise ValueError('such that the operations of each model are "create", "write" or both')
    return {model: frozenset(names) for model, names in wanted.items()}


def _menus(module, given):
    if not _is_list(given):
        raise ValueError("a list of XML ids")
    menus = tuple(name if "." in name else f"{module}.{name}" for name in given)
    if not all(name.startswith(f"{module}.") for name in menus):
        raise ValueError("a list of menus of this module")
    return menus


def _reports(_module, given):
    if not isinstance(given, bool):
        raise ValueError("True or False")
    return given


def _released(_module, given):
    if not _is_day(given):
        raise ValueError("a date such as 2026-11-01")
    return given


def _is_day(text):
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_list(given):
    return isinstance(given, list | tuple) and all(isinstance(name, str) for name in given)
