"""What is wrong with the declaration of a protected module, found by reading its folder.

Nothing of the module is imported or run. Only ``check-manifest`` imports this file: ``import aegis_license``
is to stay as quick as it is.
"""

import ast
import difflib
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from aegis_license._module_files import (
    ABSTRACT,
    MANIFEST,
    WIZARD,
    Module,
    assigned_names,
    find_folder,
    is_names,
    last_name,
    model_kinds,
    read_data,
    read_manifest,
    read_python,
)

_KEYS = ("models", "menus", "reports", "released")
_OPERATIONS = ("create", "write")


@dataclass(frozen=True)
class Finding:
    """What is wrong in one file, and the remedy; ``level`` is ``error`` or ``warning``."""

    level: str
    file: str
    text: str


@dataclass(frozen=True)
class Checked:
    """The sorted findings about one module; without errors ``protects`` says what the module protects."""

    module: str
    findings: tuple[Finding, ...]
    protects: str

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return all(finding.level != "error" for finding in self.findings)


def check(path: Path, today: date) -> Checked:
    """Check what a module declares under ``aegis`` in its manifest against its own files.

    Args:
        path: folder of the module, or its ``__manifest__.py``.
        today: the day in UTC.

    Raises:
        ValueError: there is no such folder, or no manifest in it.
        OSError: a file cannot be read.
    """
    folder = find_folder(path)
    name = (folder.resolve() if folder.name in ("", "..") else folder).name
    with warnings.catch_warnings():
        # What Python would warn about in the module is for others to tell.
        warnings.simplefilter("ignore")
        manifest = read_manifest(folder / MANIFEST)
        if isinstance(manifest, str):
            return Checked(name, (_error(manifest),), "")
        module = Module(name, manifest)
        unread = [*read_python(module, folder), *read_data(module, folder)]
    read = (_error(text, file) for file, text in unread)
    findings = {*read, *_whole_manifest(module), *_declaration(module, today)}
    checked = Checked(name, tuple(sorted(findings, key=astuple)), "")
    return replace(checked, protects=_protects(module)) if checked.ok else checked


def _error(text: str, file: str = MANIFEST) -> Finding:
    return Finding("error", file, text)


def _warning(text: str) -> Finding:
    return Finding("warning", MANIFEST, text)


def _meant(wrong: object, known: Iterable[str], otherwise: str) -> str:
    """Give the remedy for a name: the nearest of those known."""
    nearest = difflib.get_close_matches(str(wrong), list(known), n=1)
    return f'write "{nearest[0]}" if that is meant' if nearest else otherwise


# What the manifest says of the whole module.


def _whole_manifest(module: Module) -> Iterator[Finding]:
    if not isinstance(module.manifest.get("aegis"), dict):
        example = '"aegis": {"models": ["a.model"], "released": "2026-11-01"}'
        yield _error(f'there is no dictionary under "aegis": write {example}')
    depends = module.manifest.get("depends", ())
    if not is_names(depends) or "aegis_client" not in depends:
        yield _error('"depends" lacks aegis_client: add it')
    version = str(module.manifest.get("version", "1.0"))
    # With a series in front four numbers are three, on that series.
    if re.fullmatch(r"\d+|(?!\d\d\.0\.)\d+(\.\d+){3}", version):
        yield _warning(f'Odoo does not install "version" {version}: write three numbers, such as 1.0.0')
    yield from _hook(module)


def _hook(module: Module) -> Iterator[Finding]:
    hook = module.manifest.get("pre_init_hook")
    if not isinstance(hook, str):
        yield _error('"pre_init_hook" is missing: add "pre_init_hook": "pre_init_hook"')
    elif module.python_is_read:
        yield from _hook_code(module, hook)


def _hook_code(module: Module, hook: str) -> Iterator[Finding]:
    trees = {file: tree for file, tree in module.python.items() if "/" not in file}
    bound = _bindings(trees["__init__.py"]) if "__init__.py" in trees else ()
    # The hook here, and as it is called where it was imported from.
    names = {hook if origin == "*" else origin for name, origin in bound if name in (hook, "*")}
    example = f"{hook} = pre_init_hook_for(__name__), imported from odoo.addons.aegis_client.gate"
    if not names:
        yield _error(f"the manifest's hook {hook} is missing here: write {example}", "__init__.py")
    elif not any(map(_has_gate, trees.values())):
        yield _error(f"the hook {hook} does not ask for a license: write {example}", "__init__.py")
    elif not any(_asks(tree, names) for tree in trees.values()):
        remedy = "call pre_init_hook_for(__name__)(env) in it"
        yield _warning(f"{hook} is not seen to ask for a license: {remedy}")


def _bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the names bound in a file, each with the name that it has where it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.FunctionDef):
            yield node.name, node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from ((name, name) for name in assigned_names(node))


def _is_gate(node: ast.AST | None) -> bool:
    """Tell ``pre_init_hook_for(__name__)``."""
    if not isinstance(node, ast.Call) or last_name(node.func) != "pre_init_hook_for":
        return False
    return len(node.args) == 1 and last_name(node.args[0]) == "__name__"


def _has_gate(tree: ast.Module) -> bool:
    imports = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    gate = re.compile(r"odoo\.addons\.aegis_client(\.| import (.*, )?)gate\b")
    return any(map(gate.search, imports)) and any(map(_is_gate, ast.walk(tree)))


def _asks(tree: ast.Module, names: set[str]) -> bool:
    """Tell whether something of these names is the gate, or a function that calls it."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, (ast.Assign, ast.AnnAssign))]
    gates = {name for node in assigned if _is_gate(node.value) for name in assigned_names(node)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    calls = [node.func for each in functions for node in ast.walk(each) if isinstance(node, ast.Call)]
    return bool(gates & names) or any(_is_gate(call) or last_name(call) in gates for call in calls)


# What it declares.


def _declaration(module: Module, today: date) -> Iterator[Finding]:
    if not isinstance(module.manifest.get("aegis"), dict):
        return
    for key in set(module.manifest["aegis"]) - set(_KEYS):
        remedy = _meant(key, _KEYS, f"only {', '.join(_KEYS)} are known; leave it out")
        yield _error(f'"aegis" has the unknown key "{key}": {remedy}')
    yield from _models(module)
    yield from _menus(module)
    if not isinstance(module.declaration.get("reports", True), bool):
        yield _error('"reports" is not a truth value: write False to switch the watermark off')
    yield from _released(module.declaration.get("released"), today)


def _models(module: Module) -> Iterator[Finding]:
    given = module.declaration.get("models", ())
    if not is_names(list(given) if isinstance(given, dict) else given):
        yield _error('"models" is no list of names: write ["a.model"] or {"a.model": ["create", "write"]}')
    elif not given and not module.asks_itself:
        yield _warning('only the installation is protected: declare "models", or use @licensed')
    kinds = model_kinds(module)
    for model, operations in module.models.items():
        yield from _operations(model, operations)
        yield from _kind(module, model, kinds) if module.python_is_read else ()


def _operations(model: str, operations: object) -> Iterator[Finding]:
    if not is_names(operations) or not operations:
        yield _error(f'"models" lists no operations of {model}: write "{model}": ["create"]')
        return
    for wrong in set(operations) - set(_OPERATIONS):
        remedy = _meant(wrong, _OPERATIONS, 'only "create" and "write" can be guarded')
        yield _error(f'"models" has the unknown operation "{wrong}" of {model}: {remedy}')


def _kind(module: Module, model: str, kinds: dict[str, str]) -> Iterator[Finding]:
    kind = kinds.get(model)
    if kind is None:
        known = [name for name, base in kinds.items() if base]
        remedy = _meant(model, known, f'correct it, or write _name = "{model}" out in the class')
        yield _error(f'"models" names {model}, which no Python file of the module defines: {remedy}')
    elif kind == "":
        remedy = f'protect your own methods with @licensed("{module.name}") instead'
        yield _error(f'"models" names {model}, which is only extended here: {remedy}')
    elif kind in ABSTRACT:
        remedy = "name the models that inherit from it"
        yield _error(f'"models" names {model}, which is abstract and so never created: {remedy}')
    elif kind == WIZARD:
        remedy = "leave it out if it only shows something"
        yield _warning(f'"models" names {model}, a wizard, which is created to read as well: {remedy}')


def _menus(module: Module) -> Iterator[Finding]:
    if not is_names(module.declaration.get("menus", ())):
        yield _error('"menus" is no list of names: write ["menu_new"], with the XML ids of your menus')
    for menu in module.listed:
        if not menu.startswith(f"{module.name}."):
            yield _error(f'"menus" names {menu}, a menu of another module: list only menus of this one')
        elif menu in module.menus:
            yield from _taken_along(module, menu)
        elif module.data_is_read:
            remedy = _meant(menu, module.menus, "correct it")
            yield _error(f'"menus" names {menu}, which no file of "data" defines: {remedy}')
    yield from _unreachable(module)


def _taken_along(module: Module, menu: str) -> Iterator[Finding]:
    children = sorted(name for name, each in module.menus.items() if each.parent == menu and each.active)
    others = [name for name in children if name not in module.listed]
    remedy = "list only menus that start something new"
    if module.menus[menu].parent is None:
        yield _warning(f'"menus" hides the root menu {menu} with all that is below it: {remedy}')
    elif others:
        yield _warning(f'"menus" hides with {menu} also {", ".join(others)} below it: {remedy}')


def _unreachable(module: Module) -> Iterator[Finding]:
    switched_off = {name for name, menu in module.menus.items() if not menu.active}
    before = _reached(module, switched_off)
    after = _reached(module, switched_off.union(module.listed))
    for model in sorted(before - after):
        if model in module.models:
            remedy = "leave one out of the list"
            yield _warning(f'"menus" hides every menu that leads to {model}, to read it too: {remedy}')


def _reached(module: Module, hidden: set[str]) -> set[str]:
    """Give the models that menus lead to when those menus, and what is below them, are hidden."""
    hidden = set(hidden)
    while below := {name for name, menu in module.menus.items() if menu.parent in hidden} - hidden:
        hidden |= below
    shown = [menu for name, menu in module.menus.items() if name not in hidden]
    return {module.window_actions[menu.action] for menu in shown if menu.action in module.window_actions}


def _released(given: object, today: date) -> Iterator[Finding]:
    if given is None:
        remedy = 'add "released": "2026-11-01", with its day'
        yield _warning(f"perpetual licenses cannot tell this release from those that they cover: {remedy}")
        return
    with suppress(ValueError):
        if isinstance(given, str) and (day := date.fromisoformat(given)).isoformat() == given:
            if day > today + timedelta(days=1):
                yield _warning(f'"released" {given} is still to come: write the day of this release')
            return
    yield _error(f'"released" {given!r} is not a day: write it as 2026-11-01')


def _protects(module: Module) -> str:
    """Say in a line what the declaration protects."""
    by_operations: dict[str, list[str]] = {}
    for model, operations in module.models.items():
        names = [name for name in _OPERATIONS if name in operations]
        by_operations.setdefault(" and ".join(names), []).append(model)
    said = [f"{operations} of {', '.join(models)}" for operations, models in by_operations.items()]
    if not said:
        said.append(
            "installation and what its Python asks for" if module.asks_itself else "installation only"
        )
    if module.listed:
        said.append(f"menus {', '.join(module.listed)}")
    if module.models:
        said.append(f"reports {'with' if module.declaration.get('reports', True) else 'without'} watermark")
    if "released" in module.declaration:
        said.append(f"released {module.declaration['released']}")
    return "; ".join(said)
