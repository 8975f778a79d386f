"""Who may see and do what: administrators all of it, others nothing, over RPC either."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import LicenseCase


@tagged("post_install", "-at_install")
class TestRights(LicenseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param("aegis.license_tokens", cls.vendor.license())
        cls.licenses._note_seen()
        cls.clerk = cls.new_user("clerk")
        # May manage users, but is no administrator of the settings.
        cls.manager = cls.new_user("manager", "base.group_user,base.group_erp_manager")
        cls.boss = cls.new_user("boss", "base.group_user,base.group_system")

    def test_others_see_no_rows(self):
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.licenses.with_user(user).search_read([])

    def test_others_read_no_tokens(self):
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.env["ir.config_parameter"].with_user(user).get_param("aegis.license_tokens")

    def test_others_have_no_settings_page(self):
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.env["res.config.settings"].with_user(user).create({})

    def test_administrators_see_rows_and_edit_none(self):
        rows = self.licenses.with_user(self.boss).search([])
        self.assertEqual(rows.customer, "Azure Interior")
        for attempt in (rows.unlink, lambda: rows.write({"code": "valid"}), lambda: rows.copy()):
            with self.assertRaises(AccessError):
                attempt()

    def test_rows_hold_no_token(self):
        row = self.licenses.with_user(self.boss).search_read([])[0]
        self.assertNotIn("eyJ", str(row))

    def test_the_page_holds_no_token(self):
        self.assertNotIn("eyJ", self.licenses._render_overview())


@tagged("post_install", "-at_install")
class TestRpc(HttpCase, LicenseCase):
    def call(self, model, method, *args):
        answer = self.url_open(
            "/web/dataset/call_kw",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "method": "call",
                    "params": {"model": model, "method": method, "args": list(args), "kwargs": {}},
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    @mute_logger("odoo.http")
    def test_a_user_gets_nothing(self):
        token = self.vendor.license()
        self.licenses.store(token)
        self.new_user("somebody", password="somebody")
        self.authenticate("somebody", "somebody")
        attempts = [
            ("aegis.license", "store", token),
            ("aegis.license", "remove", "Example Vendor", "x"),
            ("aegis.license", "search_read", []),
            ("ir.config_parameter", "get_param", "aegis.license_tokens"),
            ("ir.config_parameter", "search_read", []),
            ("res.config.settings", "create", {"aegis_text": token}),
        ]
        for model, method, *args in attempts:
            answer = self.call(model, method, *args)
            self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError", (model, method))
        for method in ("_read_facts", "_evaluate", "_cron_watch", "_render_overview", "_keyring"):
            self.assertIn("error", self.call("aegis.license", method))
        self.assertEqual(self.stored(), token)
