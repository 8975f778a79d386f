"""What licenses are bound to: this database at its address, and what becomes of them when it moves."""

import hashlib

from odoo.tests import tagged

from .. import countdown_table, engine
from ..countdown import Countdown
from ..instance import instance_of
from .common import DAY, MODULE, LicenseCase

UUID = "11111111-2222-3333-4444-555555555555"
JTI = "0b6a4b5e-43fb-4c0d-8d7e-0a3c1d2e3f40"


class InstanceCase(LicenseCase):
    def setUp(self):
        super().setUp()
        self.parameters.set_param("web.base.url", "https://erp.example.com")

    def bound(self, need=2, kinds=("database_uuid", "domain", "instance_id"), **values):
        """Give the claim that binds a license to components of this instance, or to other values."""
        facts = self.licenses._read_facts()
        known = {
            "database_uuid": facts.database_uuid,
            "domain": facts.instance.domain,
            "instance_id": facts.instance.instance_id or "none",
            **values,
        }
        of = [{"kind": kind, "hash": component_hash("salt", kind, known[kind])} for kind in kinds]
        return {"salt": "salt", "need": need, "of": of}

    def exactly(self):
        return self.licenses._fingerprint()

    def use(self, **claims):
        """Store a license, and use the module."""
        self.licenses.store(self.vendor.license(jti=JTI, **claims))
        self.licenses._cron_watch()

    def row(self):
        return self.licenses.search([("jti", "=", JTI)])


def component_hash(salt, kind, value):
    return hashlib.sha256(("%s:%s:%s" % (salt, kind, value)).encode()).hexdigest()


@tagged("post_install", "-at_install")
class TestInstance(InstanceCase):
    def test_what_it_is_made_of(self):
        self.parameters.set_param("aegis.instance_id", " ACME-1 ")
        self.parameters.set_param("aegis.domain", "erp.acme.example")
        facts = self.licenses._read_facts()
        self.assertEqual(facts.instance.database_uuid, self.parameters.get_param("database.uuid"))
        self.assertEqual(facts.instance.domain, "erp.acme.example")
        self.assertEqual(facts.instance.other_domains, ("erp.example.com",))
        self.assertEqual(facts.instance.instance_id, "ACME-1")

    def test_one_address_is_enough(self):
        self.assertEqual(instance_of(UUID, "https://a.example:8069").domain, "a.example:8069")
        self.assertEqual(instance_of(UUID, "", "b.example").domain, "b.example")
        both = instance_of(UUID, "https://a.example", "a.example")
        self.assertEqual((both.domain, both.other_domains), ("a.example", ()))

    def test_an_address_may_be_written_as_people_do(self):
        for written in ("b.example:8069", " https://b.example:8069/web#home ", "b.example:8069/"):
            self.assertEqual(instance_of(UUID, "", written).domain, "b.example:8069", written)

    def test_what_cannot_be_meant_is_left_out(self):
        for name in ("two words", "x" * 200):
            self.assertIsNone(instance_of(UUID, "https://a.example", "", name).instance_id, name)
        for domain in ("two words", UUID, "http://[::1"):
            self.assertEqual(instance_of(UUID, "https://a.example", domain).domain, "a.example", domain)
        self.assertIsNone(instance_of(UUID, ""))
        self.assertIsNone(instance_of("", "https://a.example"))

    def test_a_license_bound_to_either_address_fits(self):
        for domain in ("erp.example.com", "erp.acme.example"):
            fingerprint = engine.aegis_license.fingerprint(self.licenses._read_facts().database_uuid, domain)
            self.parameters.set_param("aegis.domain", "erp.acme.example")
            self.parameters.set_param(
                "aegis.license_tokens", self.vendor.license(instance_fingerprint=fingerprint)
            )
            self.assertEqual(self.code(), "valid", domain)

    def test_most_components_are_enough(self):
        self.parameters.set_param("aegis.instance_id", "ACME-1")
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(instance=self.bound()))
        self.assertEqual(self.code(), "valid")
        self.parameters.set_param("web.base.url", "https://new.example.com")
        self.assertEqual(self.code(), "valid")

    def test_the_operators_name_counts_when_all_else_has_changed(self):
        self.parameters.set_param("aegis.instance_id", "ACME-1")
        claim = self.bound(need=1)
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(instance=claim))
        self.parameters.set_param("database.uuid", UUID)
        self.parameters.set_param("web.base.url", "https://new.example.com")
        self.assertEqual(self.code(), "valid")
        self.parameters.set_param("aegis.instance_id", "OTHER")
        self.assertEqual(self.code(), "wrong_instance")


@tagged("post_install", "-at_install")
class TestMoving(InstanceCase):
    def duplicate(self):
        """Let this be a copy, as far as can be seen: Odoo gives it another id."""
        self.parameters.set_param("database.uuid", UUID)

    def test_a_license_that_has_matched_works_on_for_fourteen_days(self):
        self.use(instance_fingerprint=self.exactly())
        self.duplicate()
        self.licenses.require(MODULE)
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.ok, report.changed), ("moving", True, ("database_uuid",)))
        self.assertAlmostEqual(report.next_change - report.now, 14 * DAY, delta=60)
        self.assertEqual(report.next_code, "wrong_instance")
        self.let_pass(14)
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.ok), ("wrong_instance", False))

    def test_the_license_says_how_long(self):
        self.use(instance_fingerprint=self.exactly(), move_grace_days=0)
        self.duplicate()
        self.assertFalse(self.licenses.check(MODULE).ok)

    def test_one_that_has_never_matched_does_not_work_at_all(self):
        self.use(instance_fingerprint="sha256:" + 64 * "0")
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.ok), ("wrong_instance", False))
        self.assertEqual(report.changed, ("database_uuid", "domain"))

    def test_the_last_address_goes_on_counting(self):
        self.use(instance_fingerprint=self.exactly())
        for url in ("https://new.example.com", "http://localhost:8069", "nonsense", ""):
            self.parameters.set_param("web.base.url", url)
            self.assertEqual(self.code(), "valid", url)

    def test_coming_back_ends_it(self):
        self.use(instance_fingerprint=self.exactly())
        uuid = self.parameters.get_param("database.uuid")
        self.duplicate()
        self.licenses._cron_watch()
        self.assertTrue(self.row().moving_since)
        self.let_pass(13)
        self.parameters.set_param("database.uuid", uuid)
        self.licenses._cron_watch()
        self.assertEqual((self.code(), self.row().moving_since), ("valid", False))
        self.duplicate()
        self.licenses._cron_watch()
        report = self.licenses.check(MODULE)
        self.assertAlmostEqual(report.next_change - report.now, 14 * DAY, delta=60)

    def test_the_row_says_since_when(self):
        self.use(instance_fingerprint=self.exactly())
        self.assertTrue(self.row().last_match)
        self.assertFalse(self.row().moving_since)
        self.duplicate()
        self.licenses.require(MODULE)
        self.let_pass(3)
        before = self.row().last_match
        self.licenses._cron_watch()
        row = self.row()
        self.assertEqual((row.code, row.last_match), ("moving", before))
        self.assertEqual(row.moving_since.date(), self.licenses._datetime(self.in_days(-3)).date())
        self.let_pass(14)
        self.licenses._cron_watch()
        self.assertEqual((row.code, row.moving_since), ("wrong_instance", False))

    def test_a_bound_license_of_the_tolerant_kind_has_a_last_match_too(self):
        self.use(instance=self.bound(kinds=("database_uuid", "domain")))
        self.assertTrue(self.row().last_match)

    def test_it_is_mailed_about_every_day(self):
        self.use(instance_fingerprint=self.exactly())
        self.duplicate()
        self.licenses._cron_watch()
        self.assertEqual(self.licenses._due(self.row(), self.licenses.check(MODULE)), 0)

    def test_a_move_that_has_had_its_time_counts_down_no_more(self):
        self.use(instance_fingerprint=self.exactly())
        self.duplicate()
        self.licenses._cron_watch()
        self.let_pass(14)
        self.assertFalse(self.licenses.check(MODULE).ok)
        self.licenses._cron_watch()
        self.row().action_remove()
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.ok), ("missing", False))

    def test_a_license_for_another_instance_does_not_end_a_count_down(self):
        self.use()
        self.row().action_remove()
        self.assertTrue(self.licenses.check(MODULE).ok)
        self.licenses.store(self.vendor.license(instance_fingerprint="sha256:" + 64 * "0"))
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.ok, report.flags), ("wrong_instance", True, ("counting_down",)))

    def test_nor_does_it_hide_that_a_license_file_is_gone(self):
        elsewhere = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        self.use()
        self.licenses.store(elsewhere)
        self.parameters.set_param("aegis.license_tokens", elsewhere)
        self.assertTrue(self.licenses.check(MODULE).ok)

    def test_what_the_version_before_has_seen_work_goes_on(self):
        countdown_table.write(self.env.cr, MODULE, Countdown(worked=True, worked_until=self.in_days(300)))
        self.parameters.set_param(
            "aegis.license_tokens", self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        )
        self.assertTrue(self.licenses.check(MODULE).ok)

    def test_a_neutralised_copy_works_and_leaves_no_stamp(self):
        self.use(instance_fingerprint=self.exactly())
        before = self.remembered_of_licenses()
        self.duplicate()
        self.parameters.set_param("database.is_neutralized", "true")
        self.licenses._cron_watch()
        report = self.licenses.check(MODULE)
        self.assertEqual((report.code, report.flags), ("valid", ("staging",)))
        self.assertEqual(self.remembered_of_licenses(), before)

    def test_nothing_is_installed_while_it_moves(self):
        self.use(instance_fingerprint=self.exactly())
        self.duplicate()
        declared = self.declaration
        self.patch(type(self.licenses), "_declaration", lambda self, module: declared)
        self.assertEqual(self.licenses._report_for_installing(MODULE).code, "moving")
