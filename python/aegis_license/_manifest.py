"""What is wrong with the declaration of a protected module, found by reading its folder.

Nothing of the module is imported or run. Only ``check-manifest`` imports this file: ``import aegis_license``
is to stay as quick as it is.
"""

import ast
import difflib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeGuard
from xml.etree import ElementTree

_MANIFEST = "__manifest__.py"
_KEYS = ("models", "menus", "reports", "released")
_OPERATIONS = ("create", "write")
_ABSTRACT = ("AbstractModel", "BaseModel")
_WIZARD = "TransientModel"


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
    folder = _folder(path)
    name = (folder.resolve() if folder.name in ("", "..") else folder).name
    with warnings.catch_warnings():
        # What Python would warn about in the module is for others to tell.
        warnings.simplefilter("ignore")
        manifest = _read_manifest(folder / _MANIFEST)
        if isinstance(manifest, str):
            return Checked(name, (_error(manifest),), "")
        module = _Module(name, manifest)
        read = [*_read_python(module, folder), *_read_data(module, folder)]
    findings = {*read, *_whole_manifest(module), *_declaration(module, today)}
    checked = Checked(name, tuple(sorted(findings, key=astuple)), "")
    return replace(checked, protects=_protects(module)) if checked.ok else checked


def _folder(path: Path) -> Path:
    folder = path.parent if path.name == _MANIFEST and path.is_file() else path
    if not folder.is_dir():
        message = f"there is no folder {str(path)!r}; name the folder of a module"
        raise ValueError(message)
    if not (folder / _MANIFEST).is_file():
        message = f"{str(path)!r} has no {_MANIFEST}; name the folder of a module"
        raise ValueError(message)
    return folder


@dataclass
class _Menu:
    parent: str | None = None
    action: str | None = None
    active: bool = True


@dataclass
class _Module:
    """A module as its files describe it; XML ids are complete, files relative to its folder."""

    name: str
    manifest: dict[Any, Any]
    python: dict[str, ast.Module] = field(default_factory=dict)
    menus: dict[str, _Menu] = field(default_factory=dict)
    window_actions: dict[str, str] = field(default_factory=dict)
    """The model that each window action opens."""
    python_is_read: bool = True
    data_is_read: bool = True

    @property
    def declaration(self) -> dict[Any, Any]:
        """What counts of the declaration: None stands for nothing."""
        given = self.manifest.get("aegis")
        members = given.items() if isinstance(given, dict) else ()
        return {key: value for key, value in members if value is not None}

    @property
    def models(self) -> dict[str, Any]:
        """The declared models with their operations, none if they are not declared as they should be."""
        given = self.declaration.get("models", ())
        if _is_names(given):
            return dict.fromkeys(given, ("create",))
        return given if isinstance(given, dict) and _is_names(list(given)) else {}

    @property
    def listed(self) -> list[str]:
        """The complete XML ids of the declared menus."""
        given = self.declaration.get("menus", ())
        return [self.complete(name) for name in given] if _is_names(given) else []

    @property
    def loaded(self) -> list[ast.Module]:
        """The Python that Odoo imports outside tests."""
        aside = ("tests/", "migrations/", "upgrades/")
        return [tree for file, tree in self.python.items() if not file.startswith(aside)]

    @property
    def asks_itself(self) -> bool:
        """Whether its Python uses ``@licensed``, or ``env["aegis.license"]``."""
        return any(
            (isinstance(node, ast.Call) and _last_name(node.func) == "licensed")
            or (isinstance(node, ast.Constant) and node.value == "aegis.license")
            for tree in self.loaded
            for node in ast.walk(tree)
        )

    def complete(self, name: str) -> str:
        """Put the module's name before an XML id that has none."""
        return name if "." in name else f"{self.name}.{name}"


def _error(text: str, file: str = _MANIFEST) -> Finding:
    return Finding("error", file, text)


def _warning(text: str) -> Finding:
    return Finding("warning", _MANIFEST, text)


def _is_names(given: object) -> TypeGuard[Sequence[str]]:
    return isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)


def _meant(wrong: object, known: Iterable[str], otherwise: str) -> str:
    """Give the remedy for a name: the nearest of those known."""
    nearest = difflib.get_close_matches(str(wrong), list(known), n=1)
    return f'write "{nearest[0]}" if that is meant' if nearest else otherwise


# What the files say.


def _read_manifest(path: Path) -> dict[Any, Any] | str:
    """Read the manifest as Odoo does, or say why that fails."""
    with suppress(ValueError, TypeError, MemoryError, RecursionError):
        try:
            manifest = ast.literal_eval(path.read_text("utf-8"))
        except SyntaxError as error:
            return _unreadable(error)
        if isinstance(manifest, dict):
            return manifest
    return "this is not one literal dictionary: write its values out, without names and calls"


def _unreadable(error: Exception) -> str:
    line = getattr(error, "lineno", None) or 1
    return f"Python cannot read line {line} ({getattr(error, 'msg', error)}): correct it"


def _read_python(module: _Module, folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if parts[0] == "static" or any(part.startswith(".") for part in parts):
            continue
        file = "/".join(parts)
        try:
            module.python[file] = ast.parse(path.read_bytes(), file)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            module.python_is_read = False
            yield _error(_unreadable(error), file)


def _read_data(module: _Module, folder: Path) -> Iterator[Finding]:
    files = module.manifest.get("data", ())
    for file in files if _is_names(files) else ():
        if Path(file).name.startswith("ir.ui.menu") and file.endswith(".csv"):
            module.data_is_read = False  # Rare enough to be left unread, but then nothing may be missed.
        if not file.endswith(".xml"):
            continue
        try:
            _read_xml(module, ElementTree.parse(folder / file).getroot())  # noqa: S314 - the vendor's own file
        except FileNotFoundError:
            module.data_is_read = False
            yield _error(f'"data" names {file}, which is not there: correct the name or add the file')
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            module.data_is_read = False
            yield _error(f"this is not well-formed XML ({error}): correct it", file)


def _read_xml(module: _Module, root: ElementTree.Element) -> None:
    for above in root.iter():
        for node in above:
            if node.tag == "menuitem" and node.get("id"):
                parent = above.get("id") if above.tag == "menuitem" else node.get("parent")
                _read_menuitem(module, node, parent)
            elif node.tag == "record" and node.get("id"):
                _read_record(module, module.complete(node.get("id", "")), node)


def _read_menuitem(module: _Module, node: ElementTree.Element, parent: str | None) -> None:
    menu = module.menus.setdefault(module.complete(node.get("id", "")), _Menu())
    menu.parent = module.complete(parent) if parent else None
    menu.active = node.get("active", "1").lower() not in ("0", "false", "off")
    if node.get("action"):
        menu.action = module.complete(node.get("action", ""))


def _read_record(module: _Module, xml_id: str, node: ElementTree.Element) -> None:
    fields = {item.get("name"): item for item in node.findall("field")}
    if node.get("model") == "ir.actions.act_window" and "res_model" in fields:
        module.window_actions[xml_id] = (fields["res_model"].text or "").strip()
    if node.get("model") == "ir.ui.menu":
        menu = module.menus.setdefault(xml_id, _Menu())
        if "parent_id" in fields:
            menu.parent = _reference(module, fields["parent_id"])
        if "action" in fields:
            menu.action = _reference(module, fields["action"])
        if "active" in fields:
            menu.active = (fields["active"].get("eval") or fields["active"].text) not in ("False", "0")


def _reference(module: _Module, node: ElementTree.Element) -> str | None:
    in_code = re.search(r"""ref\(\s*['"]([\w.]+)['"]""", node.get("eval", ""))
    name = node.get("ref") or (in_code and in_code[1]) or node.get("search")
    return module.complete(name) if name else None


def _model_kinds(module: _Module) -> dict[str, str]:
    """Give the models of the module: the name of the class they derive from, "" where only extended."""
    defined: dict[str, str] = {}
    extended: dict[str, str] = {}
    for node in (node for tree in module.loaded for node in ast.walk(tree)):
        if isinstance(node, ast.ClassDef) and node.bases:
            _add_model(node, defined, extended)
    return {**extended, **defined}


def _add_model(node: ast.ClassDef, defined: dict[str, str], extended: dict[str, str]) -> None:
    values = _class_values(node)
    name, inherit = values.get("_name"), values.get("_inherit", ())
    parents = inherit if _is_names(inherit) else (inherit,)
    if isinstance(name, str) and name not in parents:
        kinds = [base for base in map(_last_name, node.bases) if base in (*_ABSTRACT, _WIZARD)]
        defined.setdefault(name, kinds[0] if kinds else "Model")
    elif len(parents) == 1 or name:
        extended[str(name or parents[0])] = ""


def _class_values(node: ast.ClassDef) -> dict[str, Any]:
    values = {}
    for statement in node.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value:
            for name in _targets(statement):
                with suppress(ValueError):
                    values[name] = ast.literal_eval(statement.value)
    return values


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# What the manifest says of the whole module.


def _whole_manifest(module: _Module) -> Iterator[Finding]:
    if not isinstance(module.manifest.get("aegis"), dict):
        example = '"aegis": {"models": ["a.model"], "released": "2026-11-01"}'
        yield _error(f'there is no dictionary under "aegis": write {example}')
    depends = module.manifest.get("depends", ())
    if not _is_names(depends) or "aegis_client" not in depends:
        yield _error('"depends" lacks aegis_client: add it')
    version = str(module.manifest.get("version", "1.0"))
    # With a series in front four numbers are three, on that series.
    if re.fullmatch(r"\d+|(?!\d\d\.0\.)\d+(\.\d+){3}", version):
        yield _warning(f'Odoo does not install "version" {version}: write three numbers, such as 1.0.0')
    yield from _hook(module)


def _hook(module: _Module) -> Iterator[Finding]:
    hook = module.manifest.get("pre_init_hook")
    if not isinstance(hook, str):
        yield _error('"pre_init_hook" is missing: add "pre_init_hook": "pre_init_hook"')
    elif module.python_is_read:
        yield from _hook_code(module, hook)


def _hook_code(module: _Module, hook: str) -> Iterator[Finding]:
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
            yield from ((name, name) for name in _targets(node))


def _is_gate(node: ast.AST | None) -> bool:
    """Tell ``pre_init_hook_for(__name__)``."""
    if not isinstance(node, ast.Call) or _last_name(node.func) != "pre_init_hook_for":
        return False
    return len(node.args) == 1 and _last_name(node.args[0]) == "__name__"


def _has_gate(tree: ast.Module) -> bool:
    imports = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    gate = re.compile(r"odoo\.addons\.aegis_client(\.| import (.*, )?)gate\b")
    return any(map(gate.search, imports)) and any(map(_is_gate, ast.walk(tree)))


def _asks(tree: ast.Module, names: set[str]) -> bool:
    """Tell whether something of these names is the gate, or a function that calls it."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, (ast.Assign, ast.AnnAssign))]
    gates = {name for node in assigned if _is_gate(node.value) for name in _targets(node)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    calls = [node.func for each in functions for node in ast.walk(each) if isinstance(node, ast.Call)]
    return bool(gates & names) or any(_is_gate(call) or _last_name(call) in gates for call in calls)


# What it declares.


def _declaration(module: _Module, today: date) -> Iterator[Finding]:
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


def _models(module: _Module) -> Iterator[Finding]:
    given = module.declaration.get("models", ())
    if not _is_names(list(given) if isinstance(given, dict) else given):
        yield _error('"models" is no list of names: write ["a.model"] or {"a.model": ["create", "write"]}')
    elif not given and not module.asks_itself:
        yield _warning('only the installation is protected: declare "models", or use @licensed')
    kinds = _model_kinds(module)
    for model, operations in module.models.items():
        yield from _operations(model, operations)
        yield from _kind(module, model, kinds) if module.python_is_read else ()


def _operations(model: str, operations: object) -> Iterator[Finding]:
    if not _is_names(operations) or not operations:
        yield _error(f'"models" lists no operations of {model}: write "{model}": ["create"]')
        return
    for wrong in set(operations) - set(_OPERATIONS):
        remedy = _meant(wrong, _OPERATIONS, 'only "create" and "write" can be guarded')
        yield _error(f'"models" has the unknown operation "{wrong}" of {model}: {remedy}')


def _kind(module: _Module, model: str, kinds: dict[str, str]) -> Iterator[Finding]:
    kind = kinds.get(model)
    if kind is None:
        known = [name for name, base in kinds.items() if base]
        remedy = _meant(model, known, f'correct it, or write _name = "{model}" out in the class')
        yield _error(f'"models" names {model}, which no Python file of the module defines: {remedy}')
    elif kind == "":
        remedy = f'protect your own methods with @licensed("{module.name}") instead'
        yield _error(f'"models" names {model}, which is only extended here: {remedy}')
    elif kind in _ABSTRACT:
        remedy = "name the models that inherit from it"
        yield _error(f'"models" names {model}, which is abstract and so never created: {remedy}')
    elif kind == _WIZARD:
        remedy = "leave it out if it only shows something"
        yield _warning(f'"models" names {model}, a wizard, which is created to read as well: {remedy}')


def _menus(module: _Module) -> Iterator[Finding]:
    if not _is_names(module.declaration.get("menus", ())):
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


def _taken_along(module: _Module, menu: str) -> Iterator[Finding]:
    children = sorted(name for name, each in module.menus.items() if each.parent == menu and each.active)
    others = [name for name in children if name not in module.listed]
    remedy = "list only menus that start something new"
    if module.menus[menu].parent is None:
        yield _warning(f'"menus" hides the root menu {menu} with all that is below it: {remedy}')
    elif others:
        yield _warning(f'"menus" hides with {menu} also {", ".join(others)} below it: {remedy}')


def _unreachable(module: _Module) -> Iterator[Finding]:
    switched_off = {name for name, menu in module.menus.items() if not menu.active}
    before = _reached(module, switched_off)
    after = _reached(module, switched_off.union(module.listed))
    for model in sorted(before - after):
        if model in module.models:
            remedy = "leave one out of the list"
            yield _warning(f'"menus" hides every menu that leads to {model}, to read it too: {remedy}')


def _reached(module: _Module, hidden: set[str]) -> set[str]:
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


def _protects(module: _Module) -> str:
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
