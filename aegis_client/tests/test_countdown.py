"""The count-down: who is given one, from when, until when. The arithmetic first, then in the database."""

import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo import release
from odoo.tests import BaseCase, tagged

from .. import countdown, countdown_table, engine
from ..countdown import DAY, DAYS, Countdown, applied, observed
from ..exceptions import LicenseRequired
from .common import MODULE, LicenseCase

write_at_once = countdown_table.write_at_once

NOW = 1_800_000_000
FORGIVEN = (
    "missing",
    "malformed",
    "unknown_key",
    "bad_signature",
    "wrong_instance",
    "wrong_odoo_version",
    "not_yet_valid",
    "updates_ended",
    "engine_missing",
    "engine_outdated",
)


def no(code, **more):
    return engine.Answer(code, "message", "remedy", **more)


def yes(code="valid", exp=None, grace_until=None, **more):
    license_ = SimpleNamespace(jti="a", exp=exp, grace_until=grace_until)
    return engine.Answer(code, "", "", ok=True, license=license_, **more)


def here(*codes):
    """Say of licenses a, b and so on how they stand."""
    return tuple(
        SimpleNamespace(license=SimpleNamespace(jti=jti), code=code, ok=False)
        for jti, code in zip("abc", codes, strict=False)
    )


def works(known, report, at=NOW):
    return applied(known, report, at).ok


@tagged("post_install", "-at_install")
class TestArithmetic(BaseCase):
    def test_what_works_is_left_alone(self):
        report = yes()
        self.assertIs(applied(Countdown(worked=True, since=1), report, NOW), report)

    def test_what_has_worked_goes_on_for_fourteen_days(self):
        for code in FORGIVEN:
            with self.subTest(code):
                report = applied(Countdown(worked=True), no(code), NOW)
                self.assertEqual((report.ok, report.code), (True, code))
                self.assertIn("counting_down", report.flags)
                self.assertEqual(report.works_until, NOW + DAYS * DAY)
                self.assertEqual((report.next_change, report.next_code), (NOW + DAYS * DAY, code))

    def test_what_has_never_worked_gets_none(self):
        self.assertFalse(works(Countdown(worked=False), no("missing")))

    def test_what_was_there_before_its_protection_gets_one(self):
        self.assertTrue(works(None, no("missing")))

    def test_none_where_time_or_the_vendor_has_said_no(self):
        for code in ("expired", "revoked"):
            self.assertFalse(works(Countdown(worked=True), no(code)))

    def test_it_counts_from_first_sight(self):
        known = Countdown(worked=True, since=NOW - 14 * DAY + 1)
        self.assertTrue(works(known, no("missing")))
        self.assertFalse(works(known, no("missing"), at=NOW + 1))

    def test_a_stamp_in_the_future_counts_as_now(self):
        report = applied(Countdown(worked=True, since=NOW + 400 * DAY), no("missing"), NOW)
        self.assertEqual(report.works_until, NOW + 14 * DAY)

    def test_not_beyond_the_end_of_the_license_that_worked_last(self):
        known = Countdown(worked=True, worked_until=NOW + 3 * DAY)
        self.assertEqual(applied(known, no("missing"), NOW).works_until, NOW + 3 * DAY)
        self.assertFalse(works(known, no("missing"), at=NOW + 3 * DAY))

    def test_a_license_that_comes_earlier_is_told_instead_of_the_end(self):
        changes = (engine.Change(NOW + DAY, "valid"), engine.Change(NOW + 300 * DAY, "expiring"))
        report = applied(None, no("not_yet_valid", changes=changes), NOW)
        self.assertEqual((report.next_change, report.next_code), (NOW + DAY, "valid"))
        self.assertEqual(report.timeline(), changes)

    def test_the_end_is_told_before_what_comes_later(self):
        later = engine.Change(NOW + 20 * DAY, "valid")
        report = applied(None, no("not_yet_valid", changes=(later,)), NOW)
        end = engine.Change(NOW + DAYS * DAY, "not_yet_valid")
        self.assertEqual(report.timeline(), (end, later))

    def test_it_takes_over_all_else_that_the_engine_says(self):
        report = applied(None, no("missing", state="state", limits={"users": 1}, changed=("domain",)), NOW)
        self.assertEqual((report.state, report.limits, report.changed), ("state", {"users": 1}, ("domain",)))

    def test_a_license_for_another_instance_does_not_hide_that_one_is_missing(self):
        known = Countdown(worked=True, licenses=("a", "b"))
        for codes in (("wrong_instance",), ("wrong_instance", "wrong_odoo_version")):
            self.assertTrue(works(known, no("wrong_instance", assessments=here(*codes))), codes)
        for codes in (("wrong_instance", "wrong_instance"), ("wrong_instance", "revoked")):
            self.assertFalse(works(known, no("wrong_instance", assessments=here(*codes))), codes)

    def test_a_move_that_has_had_its_time_gets_none(self):
        known = Countdown(worked=True, licenses=("a",))
        report = no("wrong_instance", assessments=here("wrong_instance"))
        self.assertFalse(works(known, report))
        over = observed(known, MODULE, report, NOW)
        self.assertEqual(over, known._replace(worked=False))
        self.assertFalse(works(over, no("missing")), "taking it away does not help")

    def test_a_count_down_is_not_ended_by_a_license_for_another_instance(self):
        report = no("wrong_instance", assessments=here("wrong_instance"))
        for known in (Countdown(True, None, NOW - DAY), Countdown(True, None, NOW - DAY, None, ("b",))):
            self.assertTrue(works(known, report))
            self.assertEqual(observed(known, MODULE, applied(known, report, NOW), NOW), known)

    def test_the_count_down_of_the_clock_is_not_this_one(self):
        report = yes(flags=("clock_suspect", "counting_down"))
        self.assertEqual(observed(None, MODULE, report, NOW), Countdown(worked=True, licenses=("a",)))

    def test_remembered_of_what_works(self):
        for report in (yes(exp=NOW + DAY), yes(exp=NOW, grace_until=NOW + DAY)):
            known = Countdown(worked=True, worked_until=NOW + DAY, licenses=("a",))
            self.assertEqual(observed(None, MODULE, report, NOW), known)
        known = Countdown(worked=True, licenses=("a",))
        self.assertEqual(observed(Countdown(False, None, 5), MODULE, yes(), NOW), known)

    def test_nothing_is_remembered_of_a_copy_for_staging(self):
        staging = yes(flags=("staging",))
        for known in (Countdown(worked=False), Countdown(worked=True, since=5)):
            self.assertEqual(observed(known, MODULE, staging, NOW), known)

    def test_remembered_of_trouble(self):
        known = Countdown(worked=True)
        first = observed(known, MODULE, applied(known, no("missing"), NOW), NOW)
        self.assertEqual(first, Countdown(worked=True, since=NOW))
        later = observed(first, MODULE, applied(first, no("missing"), NOW + DAY), NOW + DAY)
        self.assertEqual(later, first)
        self.assertEqual(observed(first, MODULE, no("missing"), NOW + 20 * DAY), first)

    def test_remembered_of_an_end(self):
        self.assertEqual(observed(Countdown(True, NOW, 5), MODULE, no("expired"), NOW), Countdown(False, NOW))
        self.assertEqual(observed(None, MODULE, no("revoked"), NOW), Countdown(worked=False))


@tagged("post_install", "-at_install")
class TestCountdown(LicenseCase):
    def remembered(self):
        return countdown_table.read(self.env.cr).get(MODULE)

    def remember(self, known):
        countdown_table.write(self.env.cr, MODULE, known)

    def assert_working_until(self, end):
        """Insist that it is remembered to work until an instant, by the license that is stored."""
        jtis = [item.license.jti for item in self.licenses._evaluate(None).assessments]
        self.assertEqual(self.remembered(), Countdown(True, end, licenses=tuple(sorted(jtis))))

    def store(self, **how):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(**how))

    def refuse(self):
        """Ask in vain. Odoo's assertRaises would undo what is written at once."""
        try:
            self.licenses.require(MODULE)
        except LicenseRequired:
            return
        self.fail("it was not refused")

    def load(self, is_new, parents=()):
        """Note the module as it is noted when it is loaded."""
        declared = self.declaration
        with patch.object(type(self.licenses), "_declaration", lambda self, module: declared):
            self.licenses._remember_loading(MODULE, is_new, parents)

    def lose(self):
        self.parameters.set_param("aegis.license_tokens", False)

    def test_check_says_that_it_counts_down(self):
        self.remember(Countdown(worked=True))
        report = self.licenses.check(MODULE)
        self.assertEqual((report.ok, report.code, report.flags), (True, "missing", ("counting_down",)))

    def test_require_writes_the_first_sight_down(self):
        self.remember(Countdown(worked=True))
        before = int(time.time())
        self.licenses.require(MODULE)
        self.assertGreaterEqual(self.remembered().since, before)
        self.assertLessEqual(self.remembered().since, time.time())

    def test_check_writes_nothing(self):
        self.remember(Countdown(worked=True))
        self.licenses.check(MODULE)
        self.assertIsNone(self.remembered().since)

    def test_require_remembers_what_worked_and_until_when(self):
        self.store(exp=NOW)
        self.licenses.require(MODULE)
        self.assert_working_until(NOW)

    def test_require_clears_the_stamp_when_things_are_right(self):
        self.remember(Countdown(worked=True, since=int(time.time()) - 400 * DAY))
        self.store(exp=NOW)
        self.licenses.require(MODULE)
        self.lose()
        self.licenses.require(MODULE)
        self.assertGreater(self.remembered().since, time.time() - DAY)

    def test_require_remembers_a_renewal(self):
        self.remember(Countdown(worked=True, worked_until=int(time.time()) - DAY))
        self.store(exp=NOW)
        self.licenses.require(MODULE)
        self.lose()
        self.assertTrue(self.licenses.check(MODULE).ok)

    def test_a_license_that_ended_is_not_saved_by_taking_it_away(self):
        self.store(exp=self.in_days(1))
        self.licenses.require(MODULE)
        self.remember(self.remembered()._replace(worked_until=int(time.time()) - 1))
        self.lose()
        self.refuse()

    def test_an_end_that_was_seen_counts_after_the_license_is_gone(self):
        self.remember(Countdown(worked=True))
        self.store(exp=self.in_days(-1))
        self.refuse()
        self.lose()
        self.refuse()

    def test_a_feature_that_was_never_covered_gets_none(self):
        self.remember(Countdown(worked=True))
        entry = {
            "technical_name": MODULE,
            "allowed_major_versions": [release.major_version],
            "features": ["a"],
        }
        self.store(modules=[entry], without=["module"])
        self.assertTrue(self.licenses.check(MODULE, feature="a").ok)
        self.assertFalse(self.licenses.check(MODULE, feature="b").ok)
        with self.assertRaises(LicenseRequired) as caught:
            self.licenses.require(MODULE, feature="b")
        self.assertIn("does not cover this function", str(caught.exception))
        self.lose()
        self.assertTrue(self.licenses.check(MODULE, feature="a").ok)

    def test_of_several_licenses_the_latest_end_counts(self):
        tokens = [self.vendor.license(exp=NOW, iat=1000), self.vendor.license(exp=self.in_days(2))]
        self.parameters.set_param("aegis.license_tokens", "\n".join(tokens))
        self.licenses.require(MODULE)
        self.assertEqual(self.remembered().worked_until, NOW)
        tokens.append(self.vendor.license(license_type="perpetual", without=["exp"], iat=1000))
        self.parameters.set_param("aegis.license_tokens", "\n".join(tokens))
        self.licenses.require(MODULE)
        self.assertIsNone(self.remembered().worked_until)

    def test_a_feature_that_was_not_bought_gets_none_when_the_license_is_taken_away(self):
        entry = {
            "technical_name": MODULE,
            "allowed_major_versions": [release.major_version],
            "features": ["a"],
        }
        other = {**entry, "features": ["c"]}
        pattern = {**entry, "technical_name": MODULE[:4] + "*", "features": ["d"]}
        tokens = [self.vendor.license(modules=[each], exp=NOW) for each in (entry, other, pattern)]
        self.parameters.set_param("aegis.license_tokens", "\n".join(tokens))
        self.licenses.require(MODULE)
        self.assertEqual((self.remembered().worked_until, self.remembered().features), (NOW, ("a", "c", "d")))
        self.lose()
        for feature, ok in (("a", True), ("b", False), ("c", True), ("d", True), (None, True)):
            self.assertEqual(self.licenses.check(MODULE, feature=feature).ok, ok, feature)

    def test_a_module_that_is_not_protected_gets_none(self):
        self.assertFalse(self.licenses.check("base").ok)

    def test_validate_and_removal_remember(self):
        self.licenses.store(self.vendor.license(exp=NOW, jti="11111111-0c55-4f0e-8b6e-2f1a6a0c9e01"))
        self.assert_working_until(NOW)
        self.licenses.remove(self.vendor.issuer, "11111111-0c55-4f0e-8b6e-2f1a6a0c9e01")
        self.assertIsNotNone(self.remembered().since)

    def test_the_cron_remembers(self):
        self.remember(Countdown(worked=True))
        self.licenses._cron_watch()
        self.assertIsNotNone(self.remembered().since)
        self.store(exp=NOW)
        self.licenses._cron_watch()
        self.assert_working_until(NOW)

    def test_it_is_mailed_about_every_day(self):
        self.remember(Countdown(worked=True))
        sent = []
        self.patch(type(self.licenses), "_has_mail_server", lambda self: True)
        self.patch(type(self.licenses), "_send", lambda self, user, *letter: sent.append(letter) or True)
        self.env.ref("base.user_admin").email = "admin@example.com"
        self.licenses._cron_watch()
        letters = len(sent)
        self.assertGreaterEqual(letters, 1)
        self.assertIn("goes on working until", sent[0][1])
        self.licenses._cron_watch()
        self.assertEqual(len(sent), letters)
        self.env.cr.execute("UPDATE aegis_countdown SET warned_on = warned_on - 1")
        self.licenses._cron_watch()
        self.assertEqual(len(sent), 2 * letters)

    def test_banner_and_page_tell_the_day(self):
        self.remember(Countdown(worked=True))
        banner = self.licenses.with_user(self.env.ref("base.user_admin")).banner()
        self.assertEqual((banner["level"], banner["dismissible"]), ("warning", False))
        self.assertIn("(in 14 days)", banner["lines"][0])
        page = self.licenses._overview()
        self.assertIn("(in 14 days)", page["modules"][0]["message"])
        self.assertEqual(page["modules"][0]["color"], "warning")
        self.assertIn("count-down is over", page["days"][0]["changes"][0]["effect"])

    def test_users_see_it_too(self):
        self.remember(Countdown(worked=True))
        self.assertTrue(self.licenses.with_user(self.new_user("clerk")).banner())

    def test_installing_is_noted(self):
        self.env.cr.execute("DELETE FROM aegis_countdown")
        self.load(is_new=True)
        self.assertEqual(self.remembered(), Countdown(worked=False))

    def test_installing_with_a_license_is_noted(self):
        self.env.cr.execute("DELETE FROM aegis_countdown")
        self.store(exp=NOW)
        self.load(is_new=True)
        self.assert_working_until(NOW)

    def test_what_an_upgrade_pulls_in_inherits(self):
        self.env.cr.execute("DELETE FROM aegis_countdown")
        countdown_table.write(self.env.cr, "a", Countdown(worked=True, since=1000))
        countdown_table.write(self.env.cr, "b", Countdown(worked=False))
        self.load(is_new=True, parents=["a", "b"])
        self.assertEqual(self.remembered(), Countdown(worked=True, since=1000))

    def test_what_was_there_before_its_protection_is_noted_at_the_upgrade(self):
        self.env.cr.execute("DELETE FROM aegis_countdown")
        self.load(is_new=False)
        self.assertTrue(self.remembered().worked)
        self.assertIsNotNone(self.remembered().since)

    def test_an_upgrade_does_not_forgive_what_never_worked(self):
        self.load(is_new=False)
        self.assertEqual(self.remembered(), Countdown(worked=False))

    def test_without_the_table_the_module_goes_on(self):
        path = "odoo.addons.aegis_client.countdown_table."
        with (
            patch(path + "table_exists", lambda cr, name: False),
            patch(path + "column_exists", lambda cr, table, name: False),
        ):
            self.assertEqual(countdown_table.read(self.env.cr), {})
            self.assertTrue(self.licenses.check(MODULE).ok)
            self.remember(Countdown(worked=True))
            self.load(is_new=False)
        self.assertEqual(self.remembered(), Countdown(worked=False))

    def test_a_table_of_the_version_before_is_read_and_left_alone(self):
        self.remember(Countdown(worked=False))
        self.env.cr.execute("ALTER TABLE aegis_countdown DROP COLUMN licenses")
        self.assertEqual(self.remembered(), Countdown(worked=False))
        self.remember(Countdown(worked=True))
        self.assertEqual(self.remembered(), Countdown(worked=False))
        countdown_table.create(self.env.cr)
        self.remember(Countdown(worked=True, licenses=("a",)))
        self.assertEqual(self.remembered(), Countdown(worked=True, licenses=("a",)))

    def test_what_cannot_be_written_down_stops_nothing(self):
        def fail():
            raise OSError("on purpose")

        registry = SimpleNamespace(db_name=self.env.cr.dbname, cursor=fail)
        with self.assertLogs("odoo.addons.aegis_client", "WARNING"):
            write_at_once(registry, MODULE, Countdown(worked=True))

    def test_what_was_written_at_once_is_believed_though_it_is_not_seen_yet(self):
        self.remember(Countdown(worked=True))
        written = []
        self.patch(countdown_table, "write_at_once", lambda _registry, *what: written.append(what))
        self.licenses.require(MODULE)
        countdown_table.written[self.env.cr.dbname, MODULE] = written[0][1], time.monotonic()
        self.licenses.require(MODULE)
        self.assertEqual(len(written), 1)

    def test_days_and_seconds_survive_the_database(self):
        known = Countdown(worked=True, worked_until=NOW, since=NOW - 12345)
        self.remember(known)
        self.assertEqual(self.remembered(), known)
        self.assertEqual(countdown.DAY, 86400)
