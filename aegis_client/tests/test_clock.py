"""The clock: what the database itself keeps tells when it is behind; and how many users there are."""

import time
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .common import DAY, MODULE, LicenseCase


class ClockCase(LicenseCase):
    def written(self, days):
        """Let something in this database be written so many days from now."""
        self.env.cr.execute(
            "UPDATE ir_config_parameter SET write_date = now() at time zone 'utc' + %s * interval '1 day'"
            " WHERE key = 'database.uuid'",
            [days],
        )
        self.env["ir.config_parameter"].invalidate_model()
        self.env.registry.clear_cache()


@tagged("post_install", "-at_install")
class TestEvidence(ClockCase):
    def latest(self):
        return self.licenses._read_facts().database_date

    def test_it_is_about_now(self):
        self.assertAlmostEqual(self.latest(), time.time(), delta=DAY)

    def test_writing_counts(self):
        self.written(100)
        self.assertAlmostEqual(self.latest(), self.in_days(100), delta=DAY)

    def test_logins_and_attachments_count(self):
        self.env["res.users.log"].create({})
        self.env["ir.attachment"].create({"name": "a file", "raw": b"text"})
        self.env.flush_all()
        for table in ("res_users_log", "ir_attachment"):
            self.env.cr.execute(
                "UPDATE %s SET create_date = create_date + interval '1 year'"  # noqa: S608
                " WHERE id = (SELECT max(id) FROM %s)" % (table, table)
            )
            self.assertGreater(self.latest(), self.in_days(300), table)
            self.env.cr.execute("DELETE FROM %s WHERE create_date > now()" % table)  # noqa: S608
            self.assertLess(self.latest(), self.in_days(300), table)

    def test_dates_that_people_enter_do_not(self):
        before = self.latest()
        cron = self.env.ref("aegis_client.ir_cron_watch")
        cron.nextcall = fields.Datetime.add(fields.Datetime.now(), years=10)
        self.env.flush_all()
        self.assertLess(self.latest() - before, DAY)

    def test_the_time_zone_shifts_nothing(self):
        before = self.latest()
        for zone in ("Pacific/Kiritimati", "America/New_York", "UTC"):
            self.env.cr.execute("SET LOCAL timezone TO %s", [zone])
            self.assertEqual(self.latest(), before, zone)


@tagged("post_install", "-at_install")
class TestClock(ClockCase):
    def report(self):
        return self.licenses.check(MODULE)

    def test_a_clock_that_is_right_is_no_news(self):
        self.licenses.store(self.vendor.license())
        self.written(1)
        self.assertEqual((self.report().code, self.report().flags), ("valid", ()))

    def test_dates_ahead_of_the_clock_are_told(self):
        self.licenses.store(self.vendor.license())
        self.written(3)
        self.assertEqual((self.report().code, self.report().flags), ("valid", ("clock_suspect",)))

    def test_what_has_ended_by_these_dates_has_fourteen_days(self):
        # Issued long ago: what is issued later than the count-down begins ends it.
        self.licenses.store(self.vendor.license(iat=self.in_days(-100), exp=self.in_days(60)))
        self.written(100)
        self.licenses._cron_watch()
        report = self.report()
        self.assertEqual((report.ok, report.flags), (True, ("clock_suspect", "counting_down")))
        self.let_pass(14)
        report = self.report()
        self.assertEqual((report.ok, report.code), (False, "expired"))
        self.licenses._cron_watch()
        self.licenses.search([]).action_remove()
        self.assertFalse(self.report().ok, "taking the license away does not help")

    def test_the_guard_writes_down_when_it_began(self):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(exp=self.in_days(60)))
        self.written(100)
        self.licenses.require(MODULE)
        clock = self.remembered_of_licenses()["clocks"][self.vendor.issuer]
        self.assertAlmostEqual(clock["suspect_since"], time.time(), delta=60)

    def test_a_clock_put_right_ends_it(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(60)))
        self.written(100)
        self.licenses._cron_watch()
        self.let_pass(14)
        self.written(0)
        self.assertEqual((self.report().code, self.report().flags), ("valid", ()))

    def test_a_license_issued_since_cures_it_for_good(self):
        self.licenses.store(self.vendor.license(iat=self.in_days(-100), exp=self.in_days(60)))
        self.written(100)
        self.licenses._cron_watch()
        self.let_pass(5)
        self.assertEqual(self.report().flags, ("clock_suspect", "counting_down"))
        self.licenses.store(self.vendor.license(iat=self.in_days(-1), exp=self.in_days(70)))
        self.assertEqual((self.report().code, self.report().flags), ("valid", ()))
        self.written(99)
        self.assertEqual(self.report().flags, (), "these dates are known")
        self.written(200)
        self.assertEqual(self.report().flags, ("clock_suspect", "counting_down"))

    def test_nothing_is_installed_meanwhile(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(60)))
        self.written(100)
        declared = self.declaration
        self.patch(type(self.licenses), "_declaration", lambda self, module: declared)
        self.assertTrue(self.licenses._report_for_installing(MODULE))
        self.written(0)
        self.assertFalse(self.licenses._report_for_installing(MODULE))

    def test_it_is_mailed_about_every_day(self):
        sent = []
        self.patch(type(self.licenses), "_has_mail_server", lambda self: True)
        self.patch(type(self.licenses), "_send", lambda self, user, *letter: sent.append(letter) or True)
        self.env.ref("base.user_admin").email = "admin@example.com"
        self.licenses.store(self.vendor.license(exp=self.in_days(60)))
        self.written(100)
        self.licenses._cron_watch()
        letters = len(sent)
        self.assertGreaterEqual(letters, 1)
        self.licenses._cron_watch()
        self.assertEqual(len(sent), letters)
        self.env.cr.execute("UPDATE aegis_countdown SET warned_on = warned_on - 1")
        self.licenses._cron_watch()
        self.assertEqual(len(sent), 2 * letters)

    def test_years_ahead_and_back_again_locks_nobody_out(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(60)))
        # While the clock is years ahead things are written, and the module is asked for.
        self.written(3 * 365)
        ahead = int(time.time()) + 3 * 365 * DAY
        ask = type(self.licenses)._ask_engine

        def ask_ahead(licenses, facts, question):
            return ask(licenses, facts, question._replace(now=ahead))

        with patch.object(type(self.licenses), "_ask_engine", ask_ahead):
            self.assertFalse(self.report().ok)
            self.licenses._cron_watch()
        self.assertTrue(self.report().ok)
        self.licenses._cron_watch()
        self.assertTrue(self.report().ok)


@tagged("post_install", "-at_install")
class TestLimits(LicenseCase):
    def flags(self):
        return self.licenses._evaluate_with_usage(MODULE).flags

    def test_users_are_active_internal_users(self):
        before = self.licenses._usage()
        self.new_user("clerk")
        self.new_user("customer", "base.group_portal")
        self.new_user("gone", active=False)
        after = self.licenses._usage()
        self.assertEqual(after["users"], before["users"] + 1)
        self.env["res.company"].create({"name": "Another"})
        self.assertEqual(self.licenses._usage()["companies"], before["companies"] + 1)

    def test_more_than_agreed_is_told_and_refuses_nothing(self):
        number = self.licenses._usage()["users"]
        self.licenses.store(self.vendor.license(limits={"users": number}))
        self.assertEqual(self.flags(), ())
        self.new_user("clerk")
        self.assertEqual(self.flags(), ("over_limit",))
        self.assertTrue(self.licenses.require(MODULE).ok)

    def test_the_guard_does_not_count(self):
        self.licenses.store(self.vendor.license(limits={"users": 0}))
        self.patch(type(self.licenses), "_usage", None)
        self.assertEqual(self.licenses.require(MODULE).flags, ())
        self.licenses._guard(MODULE)
