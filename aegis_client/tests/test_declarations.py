"""The key ``aegis`` of a manifest: what is read, and what is said of the rest."""

from odoo.tests import tagged

from .. import guard
from ..declarations import Declaration, declared
from .common import MODULE, LicenseCase


@tagged("post_install", "-at_install")
class TestDeclarations(LicenseCase):
    def declared(self, **given):
        return declared("acme", {"aegis": given})

    def wrong(self, **given):
        """Give the one problem of a declaration of which nothing is left."""
        declaration = self.declared(**given)
        self.assertEqual(declaration._replace(problems=()), Declaration())
        (problem,) = declaration.problems
        return problem

    def test_everything(self):
        declaration = self.declared(
            models={"acme.slip": ["create", "write"], "acme.line": ["write"]},
            menus=["menu_new", "acme.menu_other"],
            reports=False,
            released="2026-11-01",
        )
        self.assertEqual(declaration.models, {"acme.slip": {"create", "write"}, "acme.line": {"write"}})
        self.assertEqual(declaration.menus, ("acme.menu_new", "acme.menu_other"))
        self.assertEqual((declaration.reports, declaration.released), (False, "2026-11-01"))
        self.assertEqual(declaration.problems, ())

    def test_a_list_of_models_is_guarded_against_create(self):
        self.assertEqual(self.declared(models=["acme.slip"]).models, {"acme.slip": {"create"}})

    def test_nothing(self):
        self.assertEqual(self.declared(), Declaration())

    def test_no_dictionary(self):
        for given in (True, "x", ["acme.slip"], None):
            (problem,) = declared("acme", {"aegis": given}).problems
            self.assertIn("dictionary", problem)

    def test_unknown_key(self):
        self.assertIn('"model"', self.wrong(model=["acme.slip"]))

    def test_wrong_models(self):
        for operations in ("create", [], ["delete"], [["create"]], None, 1):
            self.assertIn('"models"', self.wrong(models={"acme.slip": operations}))
        for given in ("acme.slip", [1], [{"acme.slip": ["create"]}], {1: ["create"]}, 1):
            self.assertIn('"models"', self.wrong(models=given))

    def test_wrong_menus(self):
        for given in ("menu_new", [1], ["other.menu"]):
            self.assertIn('"menus"', self.wrong(menus=given))

    def test_wrong_reports(self):
        self.assertIn('"reports"', self.wrong(reports="no"))

    def test_wrong_release(self):
        for given in ("November", 20261101, "20261101", "2026-02-30"):
            self.assertIn('"released"', self.wrong(released=given))

    def test_one_wrong_part_leaves_the_others(self):
        declaration = self.declared(models=["acme.slip"], released="soon")
        self.assertEqual(declaration.models, {"acme.slip": {"create"}})
        self.assertEqual(len(declaration.problems), 1)

    def problems(self, **given):
        return list(guard.problems(self.env, MODULE, Declaration(**given)))

    def test_model_that_does_not_exist(self):
        (problem,) = self.problems(models={"acme.slip": {"create"}})
        self.assertIn("acme.slip", problem)
        self.assertIn("does not exist", problem)

    def test_model_of_another_module(self):
        (problem,) = self.problems(models={"res.partner": {"create"}})
        self.assertIn("res.partner", problem)
        self.assertIn("@licensed", problem)

    def test_menu_that_does_not_exist(self):
        (problem,) = self.problems(menus=("base_setup.menu_new", "base.menu_administration"))
        self.assertIn("base_setup.menu_new", problem)

    def test_what_is_wrong_is_logged_and_not_guarded(self):
        registry = self.env.registry
        self.patch(registry, "aegis_guarded", registry.aegis_guarded)
        models = {"acme.slip": {"create"}, "res.partner": {"create", "write"}}
        with self.assertLogs("odoo.addons.aegis_client.guard", "ERROR") as log:
            guard.freeze(self.env, {MODULE: Declaration(models=models, problems=("something",))})
        self.assertEqual(len(log.output), 3)
        self.assertEqual(dict(registry.aegis_guarded.create), {})
        self.assertEqual(dict(registry.aegis_guarded.write), {})

    def test_own_models_are_guarded(self):
        registry = self.env.registry
        self.patch(registry, "aegis_guarded", registry.aegis_guarded)
        for operations in ({"create"}, {"write"}, {"create", "write"}):
            guard.freeze(self.env, {"aegis_client": Declaration(models={"aegis.license": operations})})
            for operation in ("create", "write"):
                expected = {"aegis.license": "aegis_client"} if operation in operations else {}
                self.assertEqual(dict(getattr(registry.aegis_guarded, operation)), expected)

    def test_the_guarded_models_cannot_be_changed(self):
        with self.assertRaises(TypeError):
            self.env.registry.aegis_guarded.create["res.partner"] = MODULE
