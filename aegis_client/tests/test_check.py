"""``check``, ``require`` and ``@licensed``: each status for what it is."""

import pickle
import time
import types
from unittest.mock import patch

from odoo import api, release
from odoo.exceptions import UserError
from odoo.tests import tagged

from .. import engine
from ..declarations import Declaration
from ..exceptions import LicenseRequired, LicenseRequiredRedirect
from ..license_files import LicenseFile
from ..licensed import licensed
from ..models.aegis_license_facts import AegisLicense
from .common import DAY, MODULE, LicenseCase, Vendor


@tagged("post_install", "-at_install")
class TestCheck(LicenseCase):
    def store(self, **how):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(**how))

    def test_no_license(self):
        self.assertEqual(self.code(), "missing")

    def test_valid(self):
        self.store()
        report = self.licenses.check(MODULE)
        self.assertTrue(report.ok)
        self.assertEqual(report.code, "valid")
        self.assertEqual(report.license.customer_name, "Azure Interior")

    def test_expiring(self):
        self.store(exp=self.in_days(10))
        self.assertEqual(self.code(), "expiring")

    def test_grace(self):
        self.store(exp=self.in_days(-1), grace_until=self.in_days(5))
        self.assertEqual(self.code(), "grace")

    def test_expired(self):
        self.store(exp=self.in_days(-1))
        self.assertEqual(self.code(), "expired")

    def test_not_yet_valid(self):
        self.store(nbf=self.in_days(1))
        self.assertEqual(self.code(), "not_yet_valid")

    def test_other_module(self):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license("something_else"))
        self.assertEqual(self.code(), "missing")

    def test_other_odoo_version(self):
        self.store()
        self.assertEqual(self.code(), "valid")
        entry = {"technical_name": MODULE, "allowed_major_versions": ["16"]}
        self.store(modules=[entry], without=["module"])
        self.assertEqual(self.code(), "wrong_odoo_version")

    def test_other_vendor(self):
        self.parameters.set_param("aegis.license_tokens", Vendor(kid="other").license())
        self.assertEqual(self.code(), "unknown_key")

    def test_updates_ended_for_a_release_dated_later(self):
        self.store(license_type="perpetual", without=["exp"], updates_until=1_700_000_000)
        self.assertEqual(self.code(), "updates_ended")

    def test_updates_cover_a_release_dated_before(self):
        self.store(license_type="perpetual", without=["exp"], updates_until=1_800_000_000)
        self.assertEqual(self.code(), "valid")

    def test_feature(self):
        entry = {
            "technical_name": MODULE,
            "allowed_major_versions": [release.major_version],
            "features": ["export"],
        }
        self.store(modules=[entry], without=["module"])
        self.assertEqual(self.code(feature="export"), "valid")
        self.assertEqual(self.code(feature="import"), "missing")

    def test_bound_to_this_instance(self):
        self.store(instance_fingerprint=self.licenses._fingerprint())
        self.assertEqual(self.code(), "valid")

    def test_duplicated_database(self):
        self.store(instance_fingerprint=self.licenses._fingerprint())
        self.parameters.set_param("database.uuid", "11111111-2222-3333-4444-555555555555")
        self.assertEqual(self.code(), "wrong_instance")

    def test_changed_address(self):
        self.parameters.set_param("web.base.url", "https://erp.example.com:8443")
        self.store(instance_fingerprint=self.licenses._fingerprint())
        self.assertEqual(self.code(), "valid")
        self.parameters.set_param("web.base.url", "https://erp.example.com/a/path")
        self.assertEqual(self.code(), "wrong_instance")

    def test_address_without_host(self):
        self.store(instance_fingerprint=self.licenses._fingerprint())
        self.parameters.set_param("web.base.url", "nonsense")
        self.assertEqual(self.code(), "wrong_instance")
        self.assertEqual(self.licenses._fingerprint(), "")

    def test_neutralised_copy(self):
        self.store(instance_fingerprint=self.licenses._fingerprint())
        self.parameters.set_param("database.uuid", "11111111-2222-3333-4444-555555555555")
        self.parameters.set_param("database.is_neutralized", "true")
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.flags), ("valid", ("staging",)))

    def test_neutralised_copy_does_not_outlive_the_license(self):
        self.store(instance_fingerprint=self.licenses._fingerprint(), exp=self.in_days(-1))
        self.parameters.set_param("database.uuid", "11111111-2222-3333-4444-555555555555")
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertEqual(self.code(), "expired")

    def test_best_of_several(self):
        expired, good = self.vendor.license(exp=self.in_days(-1)), self.vendor.license()
        self.parameters.set_param("aegis.license_tokens", "%s\n%s" % (expired, good))
        self.assertEqual(self.code(), "valid")

    def test_garbage_in_the_parameter(self):
        self.parameters.set_param("aegis.license_tokens", "some text\n\N{RIGHT-TO-LEFT OVERRIDE}")
        self.assertEqual(self.code(), "missing")

    def test_no_is_never_an_answer_of_the_cache(self):
        self.assertEqual(self.code(), "missing")
        # As another transaction does that had begun before: the cache is filled with what was true then.
        sql = "INSERT INTO ir_config_parameter (key, value) VALUES ('aegis.license_tokens', %s)"
        self.env.cr.execute(sql, [self.vendor.license()])
        self.assertEqual(self.licenses._facts().pasted, "")
        self.assertEqual(self.code(), "valid")

    def test_yes_is_believed_for_seconds(self):
        self.store()
        self.assertEqual(self.code(), "valid")
        self.env.cr.execute("DELETE FROM ir_config_parameter WHERE key = 'aegis.license_tokens'")
        now = time.monotonic()
        with patch("odoo.addons.aegis_client.models.aegis_license_facts.time.monotonic", lambda: now + 6):
            self.assertEqual(self.code(), "missing")

    def test_no_module_is_no_question(self):
        self.store()
        for ask in (self.licenses.check, self.licenses.require):
            for nothing in (None, "", False):
                with self.assertRaises(ValueError):
                    ask(nothing)

    def test_nothing_is_refused_while_odoo_loads(self):
        with patch.object(self.env.registry, "ready", False):
            self.assertEqual(self.licenses.require(MODULE).code, "missing")

    def test_a_route_without_user_is_told_too(self):
        nobody = api.Environment(self.env.cr, None, {})["aegis.license"]
        with self.assertRaises(LicenseRequired) as caught:
            nobody.require(MODULE)
        self.assertNotIsInstance(caught.exception, LicenseRequiredRedirect)

    def test_a_base_url_that_is_none(self):
        for url in ("http://[::1", "", "::", "http://"):
            self.parameters.set_param("web.base.url", url)
            self.assertIsNone(self.licenses._read_facts().instance)
            self.assertEqual(self.code(), "missing")

    def test_a_base_url_with_a_password(self):
        self.parameters.set_param("web.base.url", "https://user:secret@erp.example.com:8443")
        self.assertEqual(self.licenses._read_facts().instance.domain, "erp.example.com:8443")

    def test_too_many_together_count_each_by_itself(self):
        others = "\n".join(self.vendor.license("other") for _number in range(256))
        good = LicenseFile("/one", self.vendor.license())
        crowd = LicenseFile("/two", others)
        with patch.object(type(self.licenses), "_files", lambda self: (good, crowd)):
            self.assertEqual(self.code(), "valid")

    def test_what_is_left_of_an_engine_is_none(self):
        with patch.object(engine, "aegis_license", types.ModuleType("aegis_license")):
            self.assertEqual(self.code(), "engine_missing")

    def test_missing_engine(self):
        self.store()
        with patch.object(engine, "aegis_license", None):
            report = self.licenses.check(MODULE)
        self.assertEqual((report.ok, report.code), (False, "engine_missing"))
        self.assertEqual(self.code(), "valid")

    def test_engine_too_old(self):
        with patch.object(engine.aegis_license, "__version__", "0.0.9"):
            self.assertEqual(self.code(), "engine_outdated")

    def test_a_user_without_rights_can_be_asked_for(self):
        self.store()
        user = self.new_user("nobody", "base.group_portal")
        self.assertTrue(self.licenses.with_user(user).check(MODULE).ok)

    def test_require_lets_pass(self):
        self.store()
        self.assertEqual(self.licenses.require(MODULE).code, "valid")

    def test_require_refuses_users(self):
        user = self.new_user("clerk")
        with self.assertRaises(LicenseRequired) as caught:
            self.licenses.with_user(user).require(MODULE)
        self.assertIsInstance(caught.exception, UserError)
        self.assertNotIsInstance(caught.exception, LicenseRequiredRedirect)
        self.assertEqual(caught.exception.code, "missing")
        self.assertIn("Settings › AEGIS License", caught.exception.args[0])

    def test_require_shows_administrators_the_way(self):
        administrator = self.new_user("boss", "base.group_user,base.group_system")
        with self.assertRaises(LicenseRequiredRedirect) as caught:
            self.licenses.with_user(administrator).require(MODULE)
        error = caught.exception
        self.assertEqual(error.args[1], self.env.ref("aegis_client.action_settings").id)
        self.assertTrue(str(error).endswith("AEGIS License."), "what is shown where there is no dialog")
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        self.assertEqual((type(again), again.args, again.code), (type(error), error.args, "missing"))

    def test_licensed_method(self):
        class Payroll:
            env = self.env

            @licensed(MODULE)
            def compute(self, number):
                """Compute."""
                return number * 2

        self.assertEqual(Payroll.compute.__doc__, "Compute.")
        with self.assertRaises(LicenseRequired):
            Payroll().compute(21)
        self.store()
        self.assertEqual(Payroll().compute(21), 42)

    def test_what_a_module_declares_is_read_from_its_manifest(self):
        manifests = {MODULE: {"aegis": {"released": "2026-11-01"}}}
        path = "odoo.addons.aegis_client.models.aegis_license_facts.get_manifest"
        with patch(path, lambda name: manifests.get(name, {})):
            declarations = AegisLicense._declarations(self.licenses, ["base", MODULE])
        self.assertEqual(declarations, {MODULE: Declaration(released="2026-11-01")})

    def test_an_empty_declaration_protects_too(self):
        path = "odoo.addons.aegis_client.models.aegis_license_facts.get_manifest"
        with patch(path, lambda name: {"aegis": {}}):
            self.assertEqual(AegisLicense._declarations(self.licenses, [MODULE]), {MODULE: Declaration()})

    def test_a_manifest_that_cannot_be_read_stops_nothing(self):
        def fail(name):
            raise SyntaxError("on purpose")

        path = "odoo.addons.aegis_client.models.aegis_license_facts"
        with patch(path + ".get_manifest", fail), self.assertLogs(path, "ERROR"):
            self.assertEqual(AegisLicense._declarations(self.licenses, [MODULE]), {})

    def test_dates_far_away(self):
        self.store(exp=253402300799)
        self.licenses._note_seen()
        self.assertEqual(self.code(), "valid")
        self.assertTrue(self.licenses.search([]).ends_at)
        self.assertGreater(253402300799, self.in_days(DAY))
