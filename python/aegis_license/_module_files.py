"""What the files of a module say: its manifest, its Python and the XML of its data.

They are read as text: nothing of the module is imported or run. Only ``_manifest`` imports this file.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard
from xml.etree import ElementTree

MANIFEST = "__manifest__.py"
ABSTRACT = ("AbstractModel", "BaseModel")
WIZARD = "TransientModel"


@dataclass
class Menu:
    """A menu as the data describes it: the XML ids of its parent and its action are complete."""

    parent: str | None = None
    action: str | None = None
    active: bool = True


@dataclass
class Module:
    """A module as its files describe it; XML ids are complete, files relative to its folder."""

    name: str
    manifest: dict[Any, Any]
    python: dict[str, ast.Module] = field(default_factory=dict)
    menus: dict[str, Menu] = field(default_factory=dict)
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
        if is_names(given):
            return dict.fromkeys(given, ("create",))
        return given if isinstance(given, dict) and is_names(list(given)) else {}

    @property
    def listed(self) -> list[str]:
        """The complete XML ids of the declared menus."""
        given = self.declaration.get("menus", ())
        return [self.complete(name) for name in given] if is_names(given) else []

    @property
    def loaded(self) -> list[ast.Module]:
        """The Python that Odoo imports outside tests."""
        aside = ("tests/", "migrations/", "upgrades/")
        return [tree for file, tree in self.python.items() if not file.startswith(aside)]

    @property
    def asks_itself(self) -> bool:
        """Whether its Python uses ``@licensed``, or ``env["aegis.license"]``."""
        return any(
            (isinstance(node, ast.Call) and last_name(node.func) == "licensed")
            or (isinstance(node, ast.Constant) and node.value == "aegis.license")
            for tree in self.loaded
            for node in ast.walk(tree)
        )

    def complete(self, name: str) -> str:
        """Put the module's name before an XML id that has none."""
        return name if "." in name else f"{self.name}.{name}"


def is_names(given: object) -> TypeGuard[Sequence[str]]:
    """Tell whether this is a list or a tuple of text only."""
    return isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)


def find_folder(path: Path) -> Path:
    """Give the folder of a module by that folder or by its manifest.

    Raises:
        ValueError: there is no such folder, or no manifest in it.
    """
    folder = path.parent if path.name == MANIFEST and path.is_file() else path
    if not folder.is_dir():
        message = f"there is no folder {str(path)!r}; name the folder of a module"
        raise ValueError(message)
    if not (folder / MANIFEST).is_file():
        message = f"{str(path)!r} has no {MANIFEST}; name the folder of a module"
        raise ValueError(message)
    return folder


def read_manifest(path: Path) -> dict[Any, Any] | str:
    """Read the manifest as Odoo does, or say why that fails.

    Raises:
        OSError: the file cannot be read.
    """
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


def read_python(module: Module, folder: Path) -> Iterator[tuple[str, str]]:
    """Read the Python files into the module.

    Yields:
        a file that Python cannot read, and what is wrong in it.

    Raises:
        OSError: a file cannot be read.
    """
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if parts[0] == "static" or any(part.startswith(".") for part in parts):
            continue
        file = "/".join(parts)
        try:
            module.python[file] = ast.parse(path.read_bytes(), file)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            module.python_is_read = False
            yield file, _unreadable(error)


def read_data(module: Module, folder: Path) -> Iterator[tuple[str, str]]:
    """Read the menus and window actions of the XML files under ``data`` into the module.

    Yields:
        the file to correct, and what is wrong in it.

    Raises:
        OSError: a file that is there cannot be read.
    """
    files = module.manifest.get("data", ())
    for file in files if is_names(files) else ():
        if Path(file).name.startswith("ir.ui.menu") and file.endswith(".csv"):
            module.data_is_read = False  # Rare enough to be left unread, but then nothing may be missed.
        if not file.endswith(".xml"):
            continue
        try:
            _read_xml(module, ElementTree.parse(folder / file).getroot())  # noqa: S314 - the vendor's own file
        except FileNotFoundError:
            module.data_is_read = False
            yield MANIFEST, f'"data" names {file}, which is not there: correct the name or add the file'
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            module.data_is_read = False
            yield file, f"this is not well-formed XML ({error}): correct it"


def _read_xml(module: Module, root: ElementTree.Element) -> None:
    for above in root.iter():
        for node in above:
            if node.tag == "menuitem" and node.get("id"):
                parent = above.get("id") if above.tag == "menuitem" else node.get("parent")
                _read_menuitem(module, node, parent)
            elif node.tag == "record" and node.get("id"):
                _read_record(module, module.complete(node.get("id", "")), node)


def _read_menuitem(module: Module, node: ElementTree.Element, parent: str | None) -> None:
    menu = module.menus.setdefault(module.complete(node.get("id", "")), Menu())
    menu.parent = module.complete(parent) if parent else None
    menu.active = node.get("active", "1").lower() not in ("0", "false", "off")
    if node.get("action"):
        menu.action = module.complete(node.get("action", ""))


def _read_record(module: Module, xml_id: str, node: ElementTree.Element) -> None:
    fields = {item.get("name"): item for item in node.findall("field")}
    if node.get("model") == "ir.actions.act_window" and "res_model" in fields:
        module.window_actions[xml_id] = (fields["res_model"].text or "").strip()
    if node.get("model") == "ir.ui.menu":
        menu = module.menus.setdefault(xml_id, Menu())
        if "parent_id" in fields:
            menu.parent = _reference(module, fields["parent_id"])
        if "action" in fields:
            menu.action = _reference(module, fields["action"])
        if "active" in fields:
            menu.active = (fields["active"].get("eval") or fields["active"].text) not in ("False", "0")


def _reference(module: Module, node: ElementTree.Element) -> str | None:
    in_code = re.search(r"""ref\(\s*['"]([\w.]+)['"]""", node.get("eval", ""))
    name = node.get("ref") or (in_code and in_code[1]) or node.get("search")
    return module.complete(name) if name else None


def model_kinds(module: Module) -> dict[str, str]:
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
    parents = inherit if is_names(inherit) else (inherit,)
    if isinstance(name, str) and name not in parents:
        kinds = [base for base in map(last_name, node.bases) if base in (*ABSTRACT, WIZARD)]
        defined.setdefault(name, kinds[0] if kinds else "Model")
    elif len(parents) == 1 or name:
        extended[str(name or parents[0])] = ""


def _class_values(node: ast.ClassDef) -> dict[str, Any]:
    values = {}
    for statement in node.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value:
            for name in assigned_names(statement):
                with suppress(ValueError):
                    values[name] = ast.literal_eval(statement.value)
    return values


def assigned_names(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """Give the plain names that a statement assigns to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def last_name(node: ast.expr) -> str:
    """Give ``c`` of ``a.b.c`` and of ``c``, "" of anything else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
