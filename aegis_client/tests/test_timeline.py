"""What will change by time, and what a text would change."""

from unittest.mock import patch

from odoo.tests import tagged

from .. import countdown_table, engine
from ..countdown import Countdown
from ..declarations import Declaration
from ..license_files import LicenseFile
from .common import DAY, MODULE
from .test_trust import JTI, TrustCase


@tagged("post_install", "-at_install")
class TestChanges(TrustCase):
    def changes(self, module=None):
        return [
            (change["module"], change["code"], change["event"]) for change in self.licenses._changes(module)
        ]

    def test_of_a_module(self):
        end = self.in_days(40)
        self.licenses.store(self.vendor.license(jti=JTI, exp=end, grace_until=end + 5 * DAY))
        changes = self.licenses._changes(MODULE)
        self.assertEqual([change["at"] for change in changes], [end - 30 * DAY, end, end + 5 * DAY])
        self.assertEqual([change["code"] for change in changes], ["expiring", "grace", "expired"])
        for change in changes:
            self.assertEqual((change["module"], change["jti"]), (MODULE, JTI))
            self.assertEqual((change["customer"], change["modules"]), ("Azure Interior", [MODULE]))

    def test_users_and_updates(self):
        self.licenses.store(
            self.vendor.license(
                exp=self.in_days(90), notify_users_from=self.in_days(80), updates_until=self.in_days(70)
            )
        )
        events = [event for _module, _code, event in self.changes(MODULE)]
        self.assertEqual(events, ["status", "updates_end", "users_warned", "status"])

    def test_a_renewal_counts(self):
        end = self.in_days(10)
        self.licenses.store(self.texts(self.vendor.license(exp=end), self.vendor.license(nbf=end - DAY)))
        self.assertEqual(self.changes(MODULE)[0], (MODULE, "valid", "status"))

    def test_of_all_modules_and_of_licenses_that_cover_none(self):
        names = [MODULE, "web"]
        self.patch(
            type(self.licenses), "_declarations", lambda self, _names: dict.fromkeys(names, Declaration())
        )
        self.env.registry.clear_cache()
        self.licenses.store(
            self.texts(
                self.vendor.license(exp=self.in_days(40)),
                self.vendor.license("not_here", exp=self.in_days(50)),
            )
        )
        countdown_table.write(self.env.cr, "web", Countdown(worked=True))
        codes = {module: [] for module in (*names, None)}
        for module, code, _event in self.changes():
            codes[module].append(code)
        self.assertEqual(codes[MODULE], ["expiring", "expired"])
        self.assertEqual(codes["web"], ["missing"], "the end of its count-down")
        self.assertEqual(codes[None], ["expiring", "expired"])
        instants = [change["at"] for change in self.licenses._changes()]
        self.assertEqual(instants, sorted(instants))

    def test_of_a_shared_file_what_concerns_this_database(self):
        file = LicenseFile(
            "/one",
            self.texts(self.vendor.license("not_here"), self.vendor.license("base", exp=self.in_days(50))),
        )
        self.patch(type(self.licenses), "_files", lambda licenses: (file,))
        modules = [change["modules"] for change in self.licenses._changes() if change["jti"]]
        self.assertEqual(modules, [["base"], ["base"]])

    def test_without_an_engine(self):
        self.licenses.store(self.vendor.license())
        with patch.object(engine, "aegis_license", None):
            self.assertEqual(self.changes(), [(MODULE, "engine_missing", "status")])


@tagged("post_install", "-at_install")
class TestPreview(TrustCase):
    def preview(self, text):
        found = self.licenses._preview(text)
        modules = {item["module"]: item for item in found if "module" in item}
        return modules, [item for item in found if "jti" in item]

    def test_a_list_that_stops_a_license(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        modules, (license_,) = self.preview(self.vendor.list(1, revoked=[JTI]))
        difference = {"before": "valid", "after": "revoked", "before_ok": True, "after_ok": False}
        self.assertEqual(modules, {MODULE: {"module": MODULE, **difference}})
        self.assertEqual((license_["issuer"], license_["jti"]), (self.vendor.issuer, JTI))
        self.assertEqual((license_["customer"], license_["modules"]), ("Azure Interior", [MODULE]))
        self.assertEqual({name: license_[name] for name in difference}, difference)
        self.assertEqual(self.code(), "valid", "nothing is stored")

    def test_a_list_that_comes_with_a_renewal_stops_no_module(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        list_ = self.vendor.list(1, revoked=[JTI])
        modules, licenses = self.preview(self.texts(list_, self.vendor.license()))
        self.assertEqual((modules, len(licenses)), ({}, 1))

    def test_a_list_that_stops_nothing(self):
        self.licenses.store(self.vendor.license())
        self.assertEqual(self.preview(self.vendor.list(1, revoked=[JTI])), ({}, []))
        self.assertEqual(self.preview("nothing at all"), ({}, []))
        self.assertEqual(self.preview(""), ({}, []))

    def test_a_stolen_key_leaves_time(self):
        key = self.vendor.certified()
        self.licenses.store(self.texts(key.certificate, key.license()))
        self.let_pass(1)
        modules, licenses = self.preview(self.vendor.list(1, keys=[key.kid]))
        self.assertEqual((modules[MODULE]["after"], modules[MODULE]["after_ok"]), ("grace", True))
        self.assertEqual(licenses[0]["after"], "grace")

    def test_a_license_that_makes_a_module_work(self):
        modules, licenses = self.preview(self.vendor.license())
        self.assertEqual((modules[MODULE]["before"], modules[MODULE]["after"]), ("missing", "valid"))
        self.assertEqual(licenses, [])

    def test_a_count_down_goes_on(self):
        countdown_table.write(self.env.cr, MODULE, Countdown(worked=True, since=self.in_days(-1)))
        elsewhere = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        modules, _licenses = self.preview(elsewhere)
        self.assertEqual((modules[MODULE]["after"], modules[MODULE]["after_ok"]), ("wrong_instance", True))

    def test_without_an_engine(self):
        with patch.object(engine, "aegis_license", None):
            self.assertEqual(self.preview(self.vendor.license()), ({}, []))
