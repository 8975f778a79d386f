"""The banner: who sees what, and that it needs neither cron nor restart."""

import json

from odoo.tests import HttpCase, tagged

from ..declarations import Declaration
from ..license_files import reader
from .common import LicenseCase


@tagged("post_install", "-at_install")
class TestBanner(LicenseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls.new_user("boss", "base.group_user,base.group_system")
        cls.clerk = cls.new_user("clerk")

    def banners(self, **changes):
        """Store a license; give the levels of the banners of an administrator and of a user."""
        if changes:
            self.parameters.set_param("aegis.license_tokens", self.vendor.license(**changes))
        answers = [self.licenses.with_user(user).banner() for user in (self.boss, self.clerk)]
        return [answer and answer["level"] for answer in answers]

    def test_no_license(self):
        self.assertEqual(self.banners(), ["danger", "danger"])

    def test_valid(self):
        self.assertEqual(self.banners(exp=self.in_days(100)), [None, None])

    def test_expiring_is_for_administrators(self):
        self.assertEqual(self.banners(exp=self.in_days(10)), ["warning", None])

    def test_expiring_is_for_users_when_the_license_says_so(self):
        self.assertEqual(
            self.banners(exp=self.in_days(10), notify_users_from=self.in_days(-1)), ["warning", "warning"]
        )

    def test_grace_is_for_all(self):
        self.assertEqual(
            self.banners(exp=self.in_days(-1), grace_until=self.in_days(1)), ["warning", "warning"]
        )

    def test_expired_is_for_all(self):
        self.assertEqual(self.banners(exp=self.in_days(-1)), ["danger", "danger"])

    def test_updates_ended_is_for_administrators(self):
        levels = self.banners(license_type="perpetual", without=["exp"], updates_until=1_700_000_000)
        self.assertEqual(levels, ["danger", None])

    def test_only_expiring_can_be_dismissed(self):
        self.banners(exp=self.in_days(10))
        self.assertTrue(self.licenses.with_user(self.boss).banner()["dismissible"])
        self.banners(exp=self.in_days(-1), grace_until=self.in_days(1))
        self.assertFalse(self.licenses.with_user(self.boss).banner()["dismissible"])

    def test_the_way_to_the_page_is_for_administrators(self):
        action = self.env.ref("aegis_client.action_settings").id
        self.assertEqual(self.licenses.with_user(self.boss).banner()["action"], action)
        self.assertFalse(self.licenses.with_user(self.clerk).banner()["action"])

    def test_it_names_the_module_and_the_remedy(self):
        self.banners(exp=self.in_days(10))
        (line,) = self.licenses.with_user(self.boss).banner()["lines"]
        self.assertIn("in 10 days", line)
        self.assertIn("Ask the vendor", line)

    def test_it_names_three_modules_and_counts_the_rest(self):
        self.patch(
            type(self.licenses),
            "_declarations",
            lambda self, installed: {name: Declaration() for name in "abcde"},
        )
        self.env.registry.clear_cache()
        lines = self.licenses.with_user(self.boss).banner()["lines"]
        self.assertEqual((len(lines), lines[3]), (4, "Further modules: 2"))

    def test_a_defect_keeps_nobody_out(self):
        def fail(licenses):
            raise ValueError("on purpose")

        self.patch(type(self.licenses), "_reports", fail)
        with self.assertLogs("odoo.addons.aegis_client.models.aegis_license_banner", "ERROR"):
            self.assertEqual(self.banners(), [None, None])

    def test_visitors_get_none(self):
        visitor = self.new_user("visitor", "base.group_portal")
        self.assertIsNone(self.licenses.with_user(visitor).banner())

    def test_no_protected_module(self):
        self.patch(type(self.licenses), "_declarations", lambda self, installed: {})
        self.env.registry.clear_cache()
        self.assertEqual(self.banners(), [None, None])


@tagged("post_install", "-at_install")
class TestSession(HttpCase, LicenseCase):
    def banner_of(self, login):
        self.authenticate(login, login)
        answer = self.url_open(
            "/web/session/get_session_info",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": {}}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()["result"].get("aegis_banner", "not there")

    def test_session_info(self):
        reader.forget()
        for login, group in (("somebody", "base.group_user"), ("visitor", "base.group_portal")):
            user = self.new_user(login, group, password=login)
            # Odoo would make them at the first request, with an error in the log where that is read-only.
            self.env["res.users.settings"]._find_or_create_for_user(user)
        self.assertEqual(self.banner_of("somebody")["level"], "danger")
        self.assertIsNone(self.banner_of("visitor"))
        self.licenses.store(self.vendor.license())
        self.assertIsNone(self.banner_of("somebody"))
