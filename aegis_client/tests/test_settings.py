"""The settings page: what is shown, as text, and what Validate and Save do."""

from unittest.mock import patch

from lxml import html

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .. import engine
from ..license_files import LicenseFile
from .common import MODULE, LicenseCase, Vendor

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)> & Söhne"


@tagged("post_install", "-at_install")
class TestSettings(LicenseCase):
    def settings(self, text=False):
        return self.env["res.config.settings"].create({"aegis_text": text})

    def overview(self):
        return html.fromstring(self.settings().aegis_overview)

    def preview(self, text):
        return self.settings(text).aegis_preview

    def test_the_page_of_a_new_record(self):
        values = self.env["res.config.settings"].default_get(["aegis_overview", "aegis_fingerprint"])
        self.assertIn("No license yet", values["aegis_overview"])
        self.assertTrue(values["aegis_fingerprint"])

    def test_status_is_live(self):
        with Form(self.env["res.config.settings"], "base.res_config_settings_view_form") as form:
            self.assertFalse(form.aegis_preview)
            form.aegis_text = self.vendor.license()
            self.assertIn("will be stored", form.aegis_preview)
            form.aegis_text = "nothing at all"
            self.assertIn("no license in this text", form.aegis_preview)
            form.aegis_text = False
        self.assertEqual(self.stored(), "", "looking stores nothing")

    def test_validate_stores_and_clears_the_field(self):
        token = self.vendor.license()
        settings = self.settings(token)
        action = settings.aegis_validate()
        self.assertEqual((self.stored(), settings.aegis_text), (token, False))
        self.assertEqual((action["tag"], action["params"]["type"]), ("aegis_client.refresh", "success"))

    def test_validate_keeps_what_it_refuses_in_the_field(self):
        good, bad = self.vendor.license(), Vendor(kid="other").license()
        self.licenses.store(good)
        settings = self.settings(bad)
        action = settings.aegis_validate()
        self.assertEqual((self.stored(), settings.aegis_text), (good, bad))
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("not trusted", action["params"]["message"])

    def test_validate_says_both(self):
        bad = Vendor(kid="other").license()
        action = self.settings(self.vendor.license() + "\n" + bad).aegis_validate()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("Stored: 1", action["params"]["message"])
        self.assertEqual(action["params"]["next"]["context"]["default_aegis_text"], bad)

    def test_validate_without_text(self):
        action = self.settings().aegis_validate()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("no license in this text", action["params"]["message"])

    def test_save_takes_the_same_path(self):
        token = self.vendor.license()
        settings = self.settings(token)
        settings.set_values()
        self.assertEqual((self.stored(), settings.aegis_text), (token, False))

    def test_save_refuses_what_validate_refuses(self):
        self.licenses.store(self.vendor.license())
        with self.assertRaisesRegex(UserError, "not trusted"):
            self.settings(Vendor(kid="other").license()).set_values()

    def test_save_without_text(self):
        self.settings("  \n ").set_values()
        self.assertEqual(self.stored(), "")

    def test_card(self):
        self.licenses.store(self.vendor.license(limits={"users": 5}))
        card = self.overview().find_class("o_aegis_card")[0]
        text = " ".join(card.text_content().split())
        for part in (
            "Valid",
            "Azure Interior",
            "Subscription",
            MODULE,
            "Pasted",
            "Example Vendor",
            "5 users",
        ):
            self.assertIn(part, text)
        self.assertIn("in 365 days", text)
        self.assertEqual(card.get("data-code"), "valid")
        self.assertTrue(card.find_class("fa-check"), "the module is installed, and has a tick")

    def test_patterns_are_ticked_by_what_is_installed(self):
        for name, installed in (("base_s*", True), ("base_sX*", False), ("base.s*", False), ("bas%", False)):
            covered = self.licenses._covered(
                {"technical_name": name, "allowed_major_versions": ["17"], "features": None}
            )
            self.assertEqual(covered["installed"], installed, name)

    def test_names_are_text(self):
        token = self.vendor.license(customer={"id": "C", "name": SCRIPT})
        for page in (self.preview(token), self.licenses.store(token) and self.settings().aegis_overview):
            tree = html.fromstring(page)
            self.assertFalse(tree.xpath("//script | //img"))
            self.assertIn(SCRIPT, tree.text_content())

    def test_right_to_left_names(self):
        name = "شركة المثال"
        page = html.fromstring(self.preview(self.vendor.license(customer={"id": "C", "name": name})))
        self.assertEqual(page.xpath("//strong[@dir='auto']")[0].text_content(), name)

    def test_a_card_for_each_status(self):
        elsewhere = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        self.licenses.store(self.vendor.license(exp=self.in_days(5)) + "\n" + elsewhere)
        codes = [card.get("data-code") for card in self.overview().find_class("o_aegis_card")]
        self.assertEqual(codes, ["expiring", "wrong_instance"])

    def test_protected_modules(self):
        row = self.overview().find_class("o_aegis_module")[0]
        self.assertEqual(row.get("data-module"), MODULE)
        self.assertIn("No license", row.text_content())

    def test_what_happens_when(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(40), grace_until=self.in_days(50)))
        changes = [
            item.get("data-code") for item in self.overview().find_class("o_aegis_changes")[0].iter("li")
        ]
        self.assertEqual(changes, ["expiring", "grace", "expired"])
        text = self.overview().find_class("o_aegis_changes")[0].text_content()
        self.assertIn("in 10 days", text)
        self.assertIn("in 50 days", text)

    def test_trusted_keys(self):
        self.assertIn("example-2026", self.overview().find_class("o_aegis_keys")[0].text_content())

    def test_this_instance(self):
        self.assertRegex(self.settings().aegis_fingerprint, "^sha256:[0-9a-f]{64}$")

    def test_a_shared_file_shows_what_concerns_this_database(self):
        ours, other = self.vendor.license(), self.vendor.license("not_installed_here")
        elsewhere = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        file = LicenseFile("/etc/odoo/all.license", "\n".join([ours, other, elsewhere]))
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            cards = self.overview().find_class("o_aegis_card")
            self.assertEqual(self.code(), "valid")
        self.assertEqual([card.get("data-code") for card in cards], ["valid"])
        self.assertIn("/etc/odoo/all.license", cards[0].text_content())
        self.assertFalse(cards[0].find_class("o_aegis_remove"), "a file is not removed from here")

    def test_an_unreadable_file_is_named(self):
        file = LicenseFile("/etc/odoo/all.license", "", "Permission denied")
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertIn("Permission denied", self.overview().text_content())

    def test_missing_engine(self):
        self.licenses.store(self.vendor.license())
        stored = self.stored()
        with patch.object(engine, "aegis_license", None):
            settings = self.settings(self.vendor.license())
            self.assertIn("aegis-license is not installed", settings.aegis_overview)
            self.assertIn("aegis-license is not installed", settings.aegis_preview)
            self.assertEqual(settings.aegis_validate()["params"]["type"], "danger")
            self.assertIn("aegis-license is not installed", self.licenses.banner()["lines"][0])
        self.assertEqual(self.stored(), stored)

    def test_a_defect_keeps_the_settings_open(self):
        def fail(licenses):
            raise ValueError("on purpose")

        logged = self.assertLogs("odoo.addons.aegis_client.models.res_config_settings", "ERROR")
        with patch.object(type(self.licenses), "_render_overview", fail), logged:
            self.assertIn("cannot be shown", self.settings().aegis_overview)

    def test_nothing_is_removed_without_an_engine(self):
        self.licenses.store(self.vendor.license())
        stored = self.stored()
        with patch.object(engine, "aegis_license", None), self.assertRaisesRegex(UserError, "not installed"):
            self.licenses.search([]).action_remove()
        self.assertEqual(self.stored(), stored)

    def test_an_address_that_may_change_is_warned_of(self):
        self.licenses.store(self.vendor.license())
        self.assertNotIn("web.base.url.freeze", self.overview().text_content())
        self.licenses.store(self.vendor.license(instance_fingerprint=self.licenses._fingerprint()))
        self.assertIn("web.base.url.freeze", self.overview().text_content())
        self.parameters.set_param("web.base.url.freeze", "True")
        self.assertNotIn("web.base.url.freeze", self.overview().text_content())

    def test_who_may_save_settings_without_being_administrator(self):
        clerk = self.new_user("clerk")
        for model in self.env["ir.model"].search(
            [("model", "in", ["res.config.settings", "ir.module.module"])]
        ):
            rights = {"perm_read": True, "perm_write": True, "perm_create": True}
            self.env["ir.model.access"].create({"name": "x", "model_id": model.id, **rights})
        self.env["res.config.settings"].with_user(clerk).create({}).set_values()

    def test_a_large_page_costs_few_queries(self):
        names = ["module_%d" % number for number in range(40)]
        covered = [{"technical_name": name, "allowed_major_versions": ["17", "18", "19"]} for name in names]
        self.licenses.store(
            "\n".join(self.vendor.license(modules=covered, without=["module"]) for _n in range(20))
        )
        self.licenses._render_overview()
        before = self.env.cr.sql_log_count
        self.licenses._render_overview()
        self.assertLess(self.env.cr.sql_log_count - before, 30)

    def test_staging_copy_says_so(self):
        self.licenses.store(self.vendor.license(instance_fingerprint=self.licenses._fingerprint()))
        self.parameters.set_param("database.uuid", "11111111-2222-3333-4444-555555555555")
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertIn("Staging copy", self.overview().text_content())

    def test_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        module = self.env["ir.module.module"].search([("name", "=", "aegis_client")])
        module._update_translations(["fr_FR"])
        french = self.env["aegis.license"].with_context(lang="fr_FR")
        self.licenses.store(self.vendor.license())
        page = french._render_overview()
        self.assertIn("dans 365 jours", page)
        self.assertIn("Modules protégés", page)
        self.assertIn("Abonnement", page)
        self.assertNotIn("Protected modules", page)
