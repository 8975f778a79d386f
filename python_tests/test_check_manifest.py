"""``python -m aegis_license check-manifest`` on small modules with one thing wrong in each."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aegis_license._manifest import Checked, check
from support import ROOT

TODAY = date(2026, 11, 20)
NAME = "biz4a_payroll"
INIT = """
from odoo.addons.aegis_client.gate import pre_init_hook_for
from . import models

pre_init_hook = pre_init_hook_for(__name__)
"""
MODELS = """
from odoo import models

class Payslip(models.Model):
    _name = "biz4a.payslip"
    _inherit = ["mail.thread"]

class PayslipAgain(models.Model):
    _inherit = "biz4a.payslip"

class Line(models.Model):
    _name = "biz4a.line"
    _inherit = "biz4a.payslip"

class Partner(models.Model):
    _inherit = "res.partner"

class User(models.Model):
    _name = "res.users"
    _inherit = ["res.users", "mail.thread"]

class Mixin(models.AbstractModel):
    _name = "biz4a.mixin"

class Wizard(models.TransientModel):
    _name = "biz4a.wizard"
"""
VIEWS = """<?xml version="1.0" encoding="utf-8"?>
<odoo>
    <record id="action_payslip" model="ir.actions.act_window">
        <field name="res_model">biz4a.payslip</field>
    </record>
    <menuitem id="menu_root" name="Payroll">
        <menuitem id="menu_payslips" action="action_payslip"/>
    </menuitem>
    <menuitem id="biz4a_payroll.menu_new" parent="menu_root" action="biz4a_payroll.action_payslip"/>
    <record id="menu_tools" model="ir.ui.menu">
        <field name="parent_id" ref="menu_root"/>
    </record>
    <record id="menu_tool" model="ir.ui.menu">
        <field name="parent_id" eval="ref('menu_tools')"/>
        <field name="action" ref="action_payslip"/>
    </record>
</odoo>
"""
AEGIS = {"models": ["biz4a.payslip"], "menus": ["menu_new"], "released": "2026-11-01"}


class Module:
    """A module in a folder, good until something of it is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / NAME
        self.manifest: dict[str, Any] = {
            "name": "Payroll",
            "version": "1.0.0",
            "depends": ["mail", "aegis_client"],
            "data": ["views/views.xml", "security/ir.model.access.csv"],
            "pre_init_hook": "pre_init_hook",
            "aegis": dict(AEGIS),
        }
        self.write("__init__.py", INIT)
        self.write("models/__init__.py", "from . import payslip")
        self.write("models/payslip.py", MODELS)
        self.write("views/views.xml", VIEWS)

    def write(self, file: str, text: str | bytes) -> None:
        """Write one file of it."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def check(self, **declared: object) -> Checked:
        """Check it with these members changed in its declaration."""
        if declared:
            self.manifest["aegis"] |= declared
        self.write("__manifest__.py", f"# A comment.\n{self.manifest!r}\n")
        return check(self.folder, TODAY)

    def found(self, **declared: object) -> list[str]:
        """Give the findings about it, a line each."""
        findings = self.check(**declared).findings
        assert list(findings) == sorted(
            findings, key=lambda finding: (finding.level, finding.file, finding.text)
        )
        return [f"{finding.level} {finding.file}: {finding.text}" for finding in findings]


@pytest.fixture
def module(tmp_path: Path) -> Module:
    """Give a good module."""
    return Module(tmp_path)


def _only(found: list[str], *words: str) -> None:
    """Expect one finding with all of these words."""
    assert len(found) == 1, found
    assert all(word in found[0] for word in words), found


def test_a_good_module(module: Module) -> None:
    """Nothing is found, and what it protects is said."""
    checked = module.check()
    assert (checked.findings, checked.ok, checked.module) == ((), True, NAME)
    assert checked.protects == (
        "create of biz4a.payslip; menus biz4a_payroll.menu_new; reports with watermark; released 2026-11-01"
    )


def test_everything_declared(module: Module) -> None:
    """Operations are grouped, in their order."""
    models = {"biz4a.payslip": ["write", "create"], "biz4a.line": ("write",)}
    checked = module.check(models=models, menus=None, reports=False)
    assert checked.findings == ()
    assert checked.protects == (
        "create and write of biz4a.payslip; write of biz4a.line; "
        "reports without watermark; released 2026-11-01"
    )


@pytest.mark.parametrize(
    "text",
    ["['a']", "dict(a=1)", "{'a': b}", "{[]: 1}", b"\xff", "-" * 99999 + "1"],
)
def test_the_manifest_is_a_literal_dictionary(module: Module, text: str | bytes) -> None:
    """What Odoo could not read either ends the check."""
    module.write("__manifest__.py", text)
    checked = check(module.folder, TODAY)
    assert [finding.level for finding in checked.findings] == ["error"]
    assert "literal dictionary" in checked.findings[0].text


@pytest.mark.parametrize("text", ["", "{", "{\n'a': '\0'}", "(" * 9999, "{" * 90, "a = {}"])
def test_the_manifest_has_a_syntax_error(module: Module, text: str) -> None:
    """Told in one sentence, whatever it is."""
    module.write("__manifest__.py", text)
    checked = check(module.folder, TODAY)
    assert [finding.level for finding in checked.findings] == ["error"]
    module.write("__manifest__.py", "{\n'a': 1,\n'b' 2}")
    (finding,) = check(module.folder, TODAY).findings
    assert "cannot read line 3" in finding.text


@pytest.mark.parametrize("given", [None, [], "models"])
def test_a_dictionary_under_aegis(module: Module, given: object) -> None:
    """Without one nothing is declared."""
    module.manifest["aegis"] = given
    _only(module.found(), "error __manifest__.py", 'no dictionary under "aegis"')
    del module.manifest["aegis"]
    _only(module.found(), "error __manifest__.py", 'no dictionary under "aegis"')


def test_an_unknown_key(module: Module) -> None:
    """The nearest is named."""
    _only(module.found(model=[]), "error", '"model"', '"models" if that is meant')
    del module.manifest["aegis"]["model"]
    _only(module.found(xyz=1), "error", '"xyz"', "models, menus, reports, released")


@pytest.mark.parametrize("given", ["biz4a.payslip", [1], {1: ["create"]}, 5, False, ["biz4a.payslip", None]])
def test_models_of_another_kind(module: Module, given: object) -> None:
    """A list of names, or a dictionary."""
    _only(module.found(models=given), "error", '"models" is no list of names')


@pytest.mark.parametrize("given", [[], "create", None, [1]])
def test_no_operations(module: Module, given: object) -> None:
    """Each model of a dictionary has some."""
    _only(module.found(models={"biz4a.payslip": given}), "error", "lists no operations of biz4a.payslip")


def test_an_unknown_operation(module: Module) -> None:
    """The nearest is named, and deleting cannot be guarded."""
    _only(module.found(models={"biz4a.payslip": ["create", "wirte"]}), "error", '"wirte"', '"write" if')
    _only(module.found(models={"biz4a.payslip": ["unlink"]}), "error", '"unlink"', "can be guarded")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("biz4a.payslips", ("error", "no Python file of the module defines", '"biz4a.payslip" if')),
        ("sale.order", ("error", "no Python file of the module defines", '_name = "sale.order"')),
        ("res.partner", ("error", "only extended here", '@licensed("biz4a_payroll")')),
        ("res.users", ("error", "only extended here")),
        ("biz4a.mixin", ("error", "abstract")),
        ("biz4a.wizard", ("warning", "a wizard", "to read as well")),
    ],
)
def test_models_that_are_not_the_modules_own(module: Module, model: str, words: tuple[str, ...]) -> None:
    """Only what the module defines, and creates, can be guarded."""
    _only(module.found(models=[model]), model, *words)


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("tests/test_a.py", False),
        ("migrations/1.0.1/post.py", False),
        ("static/a.py", False),
        ("wizard/a.py", True),
    ],
)
def test_where_models_are_defined(module: Module, file: str, known: bool) -> None:
    """Not in tests: those are not imported where people work."""
    module.write(file, 'class A(Model):\n    _name: str = "biz4a.other"\n')
    assert (module.found(models=["biz4a.other"]) == []) is known


def test_bases_of_models(module: Module) -> None:
    """What is not known as abstract is taken to be created."""
    for bases, good in (("Own", True), ("make()", True), ("AbstractModel, Own", False), ("BaseModel", False)):
        module.write("models/a.py", f'class A({bases}):\n    _name = "biz4a.other"\n')
        assert (module.found(models=["biz4a.other"]) == []) is good
    module.write("models/a.py", 'class A:\n    _name = "biz4a.other"\n')
    _only(module.found(models=["biz4a.other"]), "no Python file of the module defines")


def test_python_with_a_syntax_error(module: Module) -> None:
    """Named with its line; what it would have defined is not missed."""
    module.write("models/payslip.py", "import os\ndef f(:\n")
    _only(module.found(), "error models/payslip.py", "line 2")
    module.write("models/payslip.py", b"a = 1\0")
    _only(module.found(), "error models/payslip.py")


def test_xml_that_is_not_well_formed(module: Module) -> None:
    """Named with its line; the menus it would have defined are not missed."""
    module.write("views/views.xml", "<odoo>\n<a></odoo>")
    _only(module.found(), "error views/views.xml", "line 2")
    module.write("views/views.xml", '<?xml version="1.0" encoding="nothing"?><odoo/>')
    _only(module.found(), "error views/views.xml", "not well-formed")


def test_a_data_file_that_is_not_there(module: Module) -> None:
    """Odoo could not install it."""
    module.manifest["data"].append("views/menus.xml")
    _only(module.found(), "error __manifest__.py", "views/menus.xml", "is not there")


@pytest.mark.parametrize("given", ["menu_new", {"menu_new": 1}, [1]])
def test_menus_of_another_kind(module: Module, given: object) -> None:
    """A list of names."""
    _only(module.found(menus=given), "error", '"menus" is no list of names')


def test_menus_that_are_not_the_modules_own(module: Module) -> None:
    """Unknown here, or of another module."""
    _only(module.found(menus=["menu_now"]), "error", "biz4a_payroll.menu_now", '"biz4a_payroll.menu_new" if')
    _only(module.found(menus=["sale.menu_new"]), "error", "sale.menu_new", "another module")


def test_menus_in_a_table_are_not_missed(module: Module) -> None:
    """Data files in CSV are not read."""
    module.manifest["data"].append("data/ir.ui.menu.csv")
    assert module.found(menus=["menu_of_the_table"]) == []


def test_menus_defined_as_records(module: Module) -> None:
    """As good as ``menuitem``."""
    assert module.found(menus=["menu_tool", "biz4a_payroll.menu_new"]) == []


def test_hiding_takes_other_menus_along(module: Module) -> None:
    """A root menu, or menus below; not said of those that are listed too."""
    _only(module.found(menus=["menu_tools"]), "warning", "menu_tools also biz4a_payroll.menu_tool below")
    assert module.found(menus=["menu_tools", "menu_tool"]) == []
    found = module.found(menus=["menu_root"])
    assert any(line.startswith("warning") and "root menu biz4a_payroll.menu_root" in line for line in found)


@pytest.mark.parametrize("listed", [["menu_root"], ["menu_payslips", "menu_new", "menu_tools"]])
def test_hiding_leaves_no_way_to_a_model(module: Module, listed: list[str]) -> None:
    """What is below a hidden menu is hidden as well."""
    found = module.found(menus=listed)
    assert any(
        line.startswith("warning") and "every menu that leads to biz4a.payslip" in line for line in found
    )
    assert not any("every menu" in line for line in module.found(menus=["menu_new", "menu_tools"]))


def test_a_model_that_no_menu_led_to(module: Module) -> None:
    """Nothing is lost, nothing is said; a menu that is switched off leads nowhere."""
    assert module.found(models=["biz4a.line"]) == []
    for active in ('active="False"', 'active="0"'):
        module.write(
            "views/views.xml", f'<odoo><menuitem id="menu_new" parent="base.a" action="b" {active}/></odoo>'
        )
        assert module.found(models=["biz4a.payslip"]) == []


def test_reports(module: Module) -> None:
    """A truth value."""
    _only(module.found(reports="no"), "error", '"reports"')
    _only(module.found(reports=0), "error", '"reports"')


@pytest.mark.parametrize(
    "given", ["2026-02-30", "20261101", "1.11.2026", 20261101, "", "2026-W45-1", "2026-11-01\n"]
)
def test_released_is_a_day(module: Module, given: object) -> None:
    """Written in one way."""
    _only(module.found(released=given), "error", '"released"', "2026-11-01")


def test_released_in_the_future(module: Module) -> None:
    """A day to come is a slip; tomorrow may be today elsewhere."""
    assert module.found(released="2026-11-21") == []
    _only(module.found(released="2026-11-22"), "warning", "2026-11-22", "still to come")


def test_released_missing(module: Module) -> None:
    """Perpetual licenses go by it."""
    _only(module.found(released=None), "warning", "perpetual licenses", '"released"')


def test_nothing_but_the_installation_is_protected(module: Module) -> None:
    """Said, unless the module's Python asks for a license itself; that of its tests does not count."""
    nothing: dict[str, object] = {"models": [], "menus": None}
    _only(module.found(**nothing), "warning", "only the installation is protected")
    assert module.check().protects == "installation only; released 2026-11-01"
    module.write("tests/test_a.py", 'env["aegis.license"].check("biz4a_payroll")')
    _only(module.found(**nothing), "warning", "only the installation is protected")
    for text in (
        '@licensed("biz4a_payroll")\ndef f(self): ...',
        'env["aegis.license"].require("biz4a_payroll")',
    ):
        module.write("models/other.py", text)
        assert module.found(**nothing) == []
    assert module.check().protects == "installation and what its Python asks for; released 2026-11-01"


@pytest.mark.parametrize("depends", [None, ["base"], "aegis_client", []])
def test_depends(module: Module, depends: object) -> None:
    """On ``aegis_client``, directly."""
    module.manifest["depends"] = depends
    _only(module.found(), "error __manifest__.py", '"depends" lacks aegis_client')


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("1.0.0", True),
        ("1.0", True),
        ("18.0.1.0", True),
        ("18.0.1.0.0", True),
        ("1", False),
        ("1.0.0.0", False),
    ],
)
def test_version(module: Module, version: str, good: bool) -> None:
    """Only what surely does not install is told."""
    module.manifest["version"] = version
    found = module.found()
    assert found == [] if good else "warning" in found[0] and version in found[0]


def test_the_hook_is_missing_in_the_manifest(module: Module) -> None:
    """The gate would be passed by."""
    del module.manifest["pre_init_hook"]
    _only(module.found(), "error __manifest__.py", '"pre_init_hook" is missing')


GATE = "from odoo.addons.aegis_client.gate import pre_init_hook_for\n"


@pytest.mark.parametrize(
    "text",
    [
        GATE + "pre_init_hook: object = pre_init_hook_for(__name__)",
        "from odoo.addons.aegis_client import gate\npre_init_hook = gate.pre_init_hook_for(__name__)",
        GATE + "def pre_init_hook(env):\n    pre_init_hook_for(__name__)(env)\n    env.cr.execute('')",
        GATE + "check = pre_init_hook_for(__name__)\ndef pre_init_hook(env):\n    check(env)",
        GATE + "def pre_init_hook(env):\n    check = pre_init_hook_for(__name__)\n    check(env)",
    ],
)
def test_hooks_that_ask(module: Module, text: str) -> None:
    """In ``__init__.py``, or in a file beside it that it imports the hook from."""
    module.write("__init__.py", text)
    assert module.found() == []
    module.write("hooks.py", text)
    for imported in ("pre_init_hook", "*"):
        module.write("__init__.py", f"from .hooks import {imported}")
        assert module.found() == []
    module.manifest["pre_init_hook"] = "before"
    module.write("__init__.py", "from .hooks import pre_init_hook as before")
    assert module.found() == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "",
            ("error __init__.py", "hook pre_init_hook is missing here", "pre_init_hook = pre_init_hook_for"),
        ),
        (
            INIT.replace("pre_init_hook =", "hook ="),
            ("error __init__.py", "hook pre_init_hook is missing here"),
        ),
        ("def pre_init_hook(env): ...", ("error __init__.py", "does not ask for a license")),
        ("pre_init_hook = pre_init_hook_for(__name__)", ("error __init__.py", "imported from odoo.addons")),
        (INIT.replace("__name__", '"other"'), ("error __init__.py", "does not ask for a license")),
        (INIT + "def other(env): ...", ()),
        (GATE + "def pre_init_hook(env):\n    pre_init_hook_for(__name__)", ("warning", "not seen to ask")),
        (
            GATE + "check = pre_init_hook_for(__name__)\ndef pre_init_hook(env): ...",
            ("warning __manifest__.py", "not seen to ask"),
        ),
    ],
)
def test_hooks_that_do_not_ask(module: Module, text: str, words: tuple[str, ...]) -> None:
    """Missing, without the gate, or with a gate that nobody calls."""
    module.write("__init__.py", text)
    found = module.found()
    if words:
        _only(found, *words)
    else:
        assert found == []


def test_a_module_without_init(module: Module) -> None:
    """Its hook cannot be there."""
    (module.folder / "__init__.py").unlink()
    _only(module.found(), "error __init__.py", "hook pre_init_hook is missing here")


def run(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "aegis_license", "check-manifest", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=folder)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_command(module: Module) -> None:
    """Warnings and errors are printed; only errors make it fail."""
    module.check(released=None)
    for place, folder in (
        (module.folder, None),
        (module.folder / "__manifest__.py", None),
        (".", module.folder),
    ):
        done = run(place, folder=folder)
        warning, protected = done.stdout.splitlines()
        assert (done.returncode, done.stderr) == (0, "")
        assert warning.startswith("__manifest__.py: warning: ")
        assert protected == f"{NAME}: {module.check().protects}"
    module.check(menus=["\x1b[31m"])
    done = run(module.folder)
    assert done.returncode == 1
    assert done.stdout.startswith("__manifest__.py: error: ")
    assert "\x1b" not in done.stdout


def test_the_command_as_json(module: Module) -> None:
    """One object."""
    module.check()
    done = run(module.folder, "--json")
    protects = module.check().protects
    assert json.loads(done.stdout) == {"module": NAME, "ok": True, "protects": protects, "findings": []}
    module.check(reports=1)
    done = run("--json", module.folder)
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["ok"], shown["protects"]) == (1, False, None)
    assert [sorted(finding) for finding in shown["findings"]] == [["file", "level", "text"]]


def test_wrong_usage(module: Module, tmp_path: Path) -> None:
    """No folder, and a folder without a manifest."""
    for place, words in (
        (tmp_path / "none", "there is no folder"),
        (module.folder, "has no __manifest__.py"),
    ):
        done = run(place)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
    assert run().returncode == 2


def test_nothing_of_the_module_runs(module: Module, tmp_path: Path) -> None:
    """Its Python is read as text."""
    module.write("models/other.py", f"open({str(tmp_path / 'ran')!r}, 'w')")
    module.check()
    assert run(module.folder).returncode == 0
    assert not (tmp_path / "ran").exists()


def test_the_import_does_not_pay_for_it() -> None:
    """Neither this file nor the parser of XML is loaded with the package."""
    code = "import sys, aegis_license; sys.exit(bool({'aegis_license._manifest', 'xml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_demo() -> None:
    """The example of the documents is right."""
    done = run(ROOT / "examples" / "aegis_demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("aegis_demo: create of aegis.demo.note; menus aegis_demo.menu_")
