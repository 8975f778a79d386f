"""The install gate, as far as a test can go: nothing is installed; ``python_tests/servers`` has the rest."""

from unittest.mock import patch

from odoo.exceptions import AccessDenied, UserError
from odoo.tests import tagged

from .. import gate
from ..declarations import Declaration
from ..exceptions import LicenseRequired, LicenseRequiredRedirect
from .common import LicenseCase

PROTECTED = "aegis_test_paid"


class GateCase(LicenseCase):
    """A protected module, one that needs it, and one that does not; all three only on paper."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.modules = cls.env["ir.module.module"]
        cls.paid = cls.on_paper(PROTECTED, "base")
        cls.needing = cls.on_paper("aegis_test_needing", PROTECTED)
        cls.other = cls.on_paper("aegis_test_other", "base")
        declared = Declaration(released="2026-11-01")
        cls.classPatch(
            type(cls.licenses), "_declaration", lambda self, module: declared if module == PROTECTED else None
        )
        cls.classPatch(type(cls.modules), "check_external_dependencies", lambda self, *args: None)

    @classmethod
    def on_paper(cls, name, *depends, **values):
        needs = [
            (0, 0, {"name": each, "auto_install_required": values.get("auto_install", False)})
            for each in depends
        ]
        given = {
            "name": name,
            "shortdesc": "Paid %s" % name,
            "state": "uninstalled",
            "dependencies_id": needs,
        }
        return cls.modules.create({**given, **values})

    def license(self, **how):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(PROTECTED, **how))


@tagged("post_install", "-at_install")
class TestButtons(GateCase):
    def refused(self, modules):
        with self.assertRaises(LicenseRequired) as caught:
            modules.button_install()
        self.assertEqual(set((self.paid | self.needing | self.other).mapped("state")), {"uninstalled"})
        return str(caught.exception)

    def test_without_a_license(self):
        message = self.refused(self.paid)
        self.assertIn("Paid aegis_test_paid cannot be installed", message)
        self.assertIn("There is no license", message)

    def test_with_one(self):
        self.license()
        self.paid.button_install()
        self.assertEqual(self.paid.state, "to install")

    def test_with_one_that_ends_soon(self):
        self.license(exp=self.in_days(5))
        self.paid.button_install()
        self.assertEqual(self.paid.state, "to install")

    def test_in_grace_nothing_new_is_installed(self):
        self.license(exp=self.in_days(-1), grace_until=self.in_days(5))
        self.assertIn("Ended on", self.refused(self.paid))

    def test_with_one_that_has_ended(self):
        self.license(exp=self.in_days(-1))
        self.assertIn("Ended on", self.refused(self.paid))

    def test_a_release_that_the_updates_do_not_cover(self):
        self.license(license_type="perpetual", without=["exp"], updates_until=1_700_000_000)
        self.assertIn("newer than the updates", self.refused(self.paid))

    def test_a_release_that_the_updates_cover(self):
        self.license(license_type="perpetual", without=["exp"], updates_until=1_800_000_000)
        self.paid.button_install()
        self.assertEqual(self.paid.state, "to install")

    def test_a_module_that_needs_it(self):
        self.assertIn("Paid aegis_test_paid", self.refused(self.needing))

    def test_several_at_once(self):
        self.assertIn("Paid aegis_test_paid", self.refused(self.other | self.needing))

    def test_other_modules(self):
        self.other.button_install()
        self.assertEqual(self.other.state, "to install")

    def test_an_upgrade_is_not_asked(self):
        self.needing.state = "installed"
        self.needing.button_upgrade()
        self.assertEqual((self.needing.state, self.paid.state), ("to upgrade", "to install"))

    def test_after_an_upgrade_it_is_asked_again(self):
        self.needing.state = "installed"
        self.needing.button_upgrade()
        self.paid.state = "uninstalled"
        with self.assertRaises(LicenseRequired):
            self.paid.button_install()

    def test_who_may_not_install_hears_nothing_of_licenses(self):
        with self.assertRaises(AccessDenied), self.assertLogs("odoo.addons.base.models.ir_module", "WARNING"):
            self.paid.with_user(self.new_user("clerk")).button_install()

    def test_an_administrator_is_led_to_the_page(self):
        with self.assertRaises(LicenseRequiredRedirect):
            self.paid.with_user(self.env.ref("base.user_admin")).button_install()


@tagged("post_install", "-at_install")
class TestLoading(GateCase):
    """Who was asked for, while modules are loaded."""

    def setUp(self):
        super().setUp()
        self.patch(self.env.registry, "ready", False)
        self.patch(type(self.env.registry), gate.COMMAND_LINE_DONE, False)

    def load(self, module, *named, upgrade=()):
        """Load a module that is to be installed; the command line has named some."""
        self.env.flush_all()
        if hasattr(self.env.registry, "aegis_gate_passed"):
            del self.env.registry.aegis_gate_passed
        with patch.object(gate, "config", {"init": dict.fromkeys(named, True), "update": upgrade}):
            gate.refuse_at_loading(self.env)
            gate.pre_init_hook_for("odoo.addons.%s" % module.name)(self.env)

    def assert_refused(self, module, *named, upgrade=()):
        with self.assertRaises(UserError) as caught:
            self.load(module, *named, upgrade=upgrade)
        self.assertIn("Paid aegis_test_paid cannot be installed", str(caught.exception))
        self.assertIn("AEGIS_LICENSE_FILE", str(caught.exception))

    def test_named_on_the_command_line(self):
        self.paid.state = "to install"
        self.assert_refused(self.paid, PROTECTED)

    def test_licensed(self):
        self.paid.state = "to install"
        self.license()
        self.load(self.paid, PROTECTED)

    def test_needed_by_what_was_named_and_refused_before_anything_goes_in(self):
        (self.paid | self.needing | self.other).state = "to install"
        self.assert_refused(self.other, self.needing.name)

    def test_asked_for_where_this_addon_comes_in_with_it(self):
        # Nobody has told who was named.
        (self.paid | self.needing).state = "to install"
        self.assert_refused(self.paid)

    def test_installed_by_odoo_itself(self):
        self.paid.write({"state": "to install", "auto_install": True})
        self.load(self.paid)
        self.load(self.paid, self.other.name)

    def test_installed_by_odoo_itself_but_named(self):
        self.paid.write({"state": "to install", "auto_install": True})
        self.assert_refused(self.paid, PROTECTED)

    def test_installed_by_odoo_itself_on_an_empty_database(self):
        self.paid.write({"state": "to install", "auto_install": True})
        self.load(self.paid, PROTECTED, "all")

    def test_named_on_an_empty_database(self):
        self.paid.state = "to install"
        self.assert_refused(self.paid, PROTECTED, "all")

    def test_left_marked_from_before_an_upgrade(self):
        self.paid.state = "to install"
        self.load(self.paid, upgrade=["all"])
        self.load(self.paid, self.other.name, upgrade=["base"])

    def test_named_beside_an_upgrade(self):
        self.paid.state = "to install"
        self.assert_refused(self.paid, PROTECTED, upgrade=["all"])

    def test_needed_by_an_upgrade(self):
        self.paid.state = "to install"
        for state in ("to upgrade", "installed"):
            self.needing.state = state
            self.load(self.paid)

    def test_needed_by_what_an_upgrade_needs(self):
        grandparent = self.on_paper("aegis_test_grandparent", self.needing.name, state="to upgrade")
        self.assertTrue(grandparent)
        (self.paid | self.needing).state = "to install"
        self.load(self.paid)

    def test_who_comes_along_only_because_of_it_does_not_need_it(self):
        self.paid.state = "to install"
        self.on_paper("aegis_test_bridge", PROTECTED, state="to install", auto_install=True)
        self.assert_refused(self.paid)

    def test_modules_that_need_each_other_end_the_question(self):
        self.env["ir.module.module.dependency"].create({"module_id": self.paid.id, "name": self.needing.name})
        (self.paid | self.needing).state = "to install"
        self.assert_refused(self.paid)

    def test_what_the_command_line_named_is_done_with_after_the_first_time(self):
        self.paid.write({"state": "to install", "auto_install": True})
        self.patch(type(self.env.registry), gate.COMMAND_LINE_DONE, True)
        self.load(self.paid, PROTECTED)

    def test_a_hook_in_a_file_of_its_own(self):
        self.paid.state = "to install"
        with self.assertRaises(UserError), patch.object(gate, "config", {"init": {}, "update": {}}):
            gate.pre_init_hook_for("odoo.addons.%s.hooks" % PROTECTED)(self.env)

    def test_the_hook_of_a_module_that_is_not_being_installed(self):
        self.load(self.paid, PROTECTED)
