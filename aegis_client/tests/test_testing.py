"""What vendors use in their tests."""

from unittest.mock import patch

from odoo import release
from odoo.tests import tagged
from odoo.tools import config

from ..declarations import Declaration
from ..exceptions import LicenseRequired
from ..testing import LicensedCase, Vendor
from .common import MODULE, LicenseCase


@tagged("post_install", "-at_install")
class TestLicensedCase(LicenseCase):
    def test_it_starts_without_a_license(self):
        with self.assertRaises(LicenseRequired):
            self.licenses.require(MODULE)

    def test_a_license(self):
        self.use_license()
        self.assertEqual(self.licenses.require(MODULE).code, "valid")
        self.use_license(days=20)
        self.assertEqual(self.licenses.require(MODULE).code, "expiring")

    def test_one_that_has_ended(self):
        self.use_license(days=-1)
        self.assertEqual(self.code(), "expired")

    def test_one_with_claims(self):
        self.use_license(limits={"users": 5})
        self.assertEqual(self.licenses.check(MODULE).license.limits, {"users": 5})

    def test_one_with_features(self):
        entry = {
            "technical_name": MODULE,
            "allowed_major_versions": [release.major_version],
            "features": ["a"],
        }
        self.use_license(modules=[entry])
        self.assertTrue(self.licenses.check(MODULE, feature="a").ok)
        self.assertFalse(self.licenses.check(MODULE, feature="b").ok)

    def test_none_again(self):
        self.use_license()
        self.licenses.require(MODULE)
        self.use_no_license()
        self.assertFalse(self.licenses.check(MODULE).ok)
        self.use_no_license(counting_down=True)
        self.assertTrue(self.licenses.check(MODULE).ok)

    def test_not_outside_the_test_mode(self):
        values = {"test_enable": False}
        with patch("odoo.addons.aegis_client.testing.config", values), self.assertRaises(RuntimeError):
            Vendor()
        self.assertTrue(config["test_enable"])

    def check(self, declaration):
        found = {MODULE: declaration} if declaration else {}
        self.patch(type(self.licenses), "_declarations", lambda self, installed: found)
        self.env.registry.clear_cache()
        LicensedCase.check_declaration.__func__(type(self))

    def test_a_declaration_that_makes_sense(self):
        self.check(Declaration(released="2026-11-01"))

    def test_a_wrong_declaration_fails(self):
        with self.assertRaises(AssertionError) as caught:
            self.check(Declaration(models={"acme.slip": {"create"}}))
        self.assertIn("acme.slip", str(caught.exception))

    def test_no_declaration_fails(self):
        with self.assertRaises(AssertionError):
            self.check(None)
