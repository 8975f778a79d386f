"""The daily cron: rows, and e-mails at each threshold, once each."""

from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..declarations import Declaration
from .common import DAY, MODULE, LicenseCase

LOGGER = "odoo.addons.aegis_client.models.aegis_license_watch"


@tagged("post_install", "-at_install")
class TestWatch(LicenseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.mail_server"].search([]).unlink()
        cls.env["ir.mail_server"].create({"name": "post", "smtp_host": "smtp.example.com"})
        cls.env["res.users"].search([("share", "=", False)]).write({"email": False})
        cls.new_user("boss", "base.group_user,base.group_system")
        cls.letters = []
        cls.classPatch(
            type(cls.licenses),
            "_send",
            lambda self, user, subject, body: cls.letters.append((user.email, subject, body)) or True,
        )

    def setUp(self):
        super().setUp()
        self.letters.clear()

    def run_cron(self, moment=None):
        """Run the cron, at some instant if one is given, and give what was mailed by it."""
        before = len(self.letters)
        if moment is None:
            self.licenses._cron_watch()
        else:
            ask = type(self.licenses)._ask_engine

            def later(licenses, facts, question):
                return ask(licenses, facts, question._replace(now=question.now or moment))

            asked = patch.object(type(self.licenses), "_ask_engine", later)
            with asked, freeze_time(self.licenses._datetime(moment)):
                self.licenses._cron_watch()
        return self.letters[before:]

    def test_notes_what_is_there(self):
        self.parameters.set_param("aegis.license_tokens", self.vendor.license())
        self.run_cron()
        self.assertEqual(self.licenses.search([]).code, "valid")

    def test_nothing_to_say_of_a_valid_license(self):
        self.licenses.store(self.vendor.license())
        self.assertEqual(self.run_cron(), [])

    def test_each_threshold_once(self):
        end = self.in_days(100)
        self.licenses.store(self.vendor.license(exp=end))
        mailed = [days for days in range(40, -3, -1) if self.run_cron(end - days * DAY)]
        self.assertEqual(mailed, [30, 14, 7, 3, 1])

    def test_thresholds_missed_by_a_cron_that_stood_still(self):
        end = self.in_days(100)
        self.licenses.store(self.vendor.license(exp=end))
        self.assertEqual(len(self.run_cron(end - 30 * DAY)), 1)
        self.assertEqual(len(self.run_cron(end - 5 * DAY)), 1, "one, not one for 14 and one for 7")
        self.assertEqual(self.run_cron(end - 4 * DAY), [])
        self.assertEqual(len(self.run_cron(end - 2 * DAY)), 1)

    def test_twice_a_day_is_once(self):
        end = self.in_days(100)
        self.licenses.store(self.vendor.license(exp=end))
        self.assertEqual(len(self.run_cron(end - 7 * DAY)), 1)
        self.assertEqual(self.run_cron(end - 7 * DAY + 60), [])

    def test_daily_in_grace(self):
        end = self.in_days(100)
        self.licenses.store(self.vendor.license(exp=end, grace_until=end + 5 * DAY))
        self.assertEqual([len(self.run_cron(end + day * DAY)) for day in range(6)], [1, 1, 1, 1, 1, 0])

    def test_a_demo_warns_later(self):
        end = self.in_days(100)
        self.licenses.store(self.vendor.license(exp=end, license_type="demo"))
        mailed = [days for days in range(40, -3, -1) if self.run_cron(end - days * DAY)]
        self.assertEqual(mailed, [7, 3, 1])

    def test_the_letter(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        ((to, subject, body),) = self.run_cron()
        self.assertEqual(to, "boss@example.com")
        title = self.licenses._module_title(MODULE)
        self.assertIn(title, subject)
        self.assertIn("in 10 days", body)
        self.assertIn("Settings › AEGIS License", body)

    def test_not_without_a_mail_server(self):
        self.env["ir.mail_server"].search([]).unlink()
        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        self.assertEqual(self.run_cron(), [])
        self.assertFalse(self.licenses.search([]).warned_on, "it is still due once there is one")

    def test_raises_nothing(self):
        def fail(*args, **kwargs):
            raise ValueError("on purpose")

        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        with patch.object(type(self.licenses), "_note_seen", fail), mute_logger(LOGGER):
            self.assertEqual(len(self.run_cron()), 1, "the mail goes out all the same")

    def test_a_mail_that_fails_is_due_again(self):
        def fail(*args, **kwargs):
            raise OSError("no such host")

        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        with patch.object(type(self.licenses), "_send", fail), self.assertLogs(LOGGER, "ERROR"):
            self.run_cron()
        self.assertEqual(len(self.run_cron()), 1)

    def test_an_address_that_fails_does_not_keep_the_others_from_it(self):
        send = type(self.licenses)._send

        def fail_for_some(licenses, user, subject, body):
            if user.login == "boss":
                raise OSError("mailbox full")
            return send(licenses, user, subject, body)

        self.new_user("chief", "base.group_user,base.group_system")
        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        with patch.object(type(self.licenses), "_send", fail_for_some), mute_logger(LOGGER):
            self.assertEqual([to for to, _subject, _body in self.run_cron()], ["chief@example.com"])
            self.assertEqual(self.run_cron(), [], "nobody gets it twice")

    def test_a_language_that_is_gone_does_not_keep_the_others_from_it(self):
        letter = type(self.licenses)._letter

        def fail_for_some(licenses, reports):
            if licenses.env.lang == "fr_FR":
                raise ValueError("Invalid language code")
            return letter(licenses, reports)

        self.env["res.lang"]._activate_lang("fr_FR")
        self.new_user("chef", "base.group_user,base.group_system", lang="fr_FR")
        self.licenses.store(self.vendor.license(exp=self.in_days(10)))
        with patch.object(type(self.licenses), "_letter", fail_for_some), mute_logger(LOGGER):
            self.assertEqual([to for to, _subject, _body in self.run_cron()], ["boss@example.com"])

    def test_one_letter_for_all_modules_of_a_license(self):
        modules = [MODULE, "web"]
        covered = [{"technical_name": name, "allowed_major_versions": ["17", "18", "19"]} for name in modules]
        self.patch(
            type(self.licenses),
            "_declarations",
            lambda self, installed: {name: Declaration() for name in modules},
        )
        self.licenses.store(self.vendor.license(modules=covered, without=["module"], exp=self.in_days(10)))
        ((_to, subject, body),) = self.run_cron()
        for module in modules:
            self.assertIn(self.licenses._module_title(module), subject)
            self.assertIn(self.licenses._module_title(module), body)

    def test_the_cron_runs_for_ever(self):
        cron = self.env.ref("aegis_client.ir_cron_watch")
        self.assertEqual((cron.interval_type, cron.interval_number, cron.active), ("days", 1, True))
        if "numbercall" in cron._fields:
            self.assertEqual(cron.numbercall, -1)


@tagged("post_install", "-at_install")
class TestSend(LicenseCase):
    def test_through_odoo_itself(self):
        sent = []

        def send_email(server, message, **how):
            sent.append(message)

        user = self.new_user("boss", name="Bôss")
        with patch.object(type(self.env["ir.mail_server"]), "send_email", send_email):
            self.licenses._send(user, "Sübject", "Bödy\n")
        if "mail.mail" in self.env:
            mail = self.env["mail.mail"].search([("subject", "=", "Sübject")])
            self.assertIn("Bödy", mail.body_html)
            self.assertIn("boss@example.com", mail.email_to)
        else:
            (message,) = sent
            self.assertEqual((message["Subject"], message.get_content().strip()), ("Sübject", "Bödy"))
            self.assertIn("boss@example.com", message["To"])
            self.assertTrue(message["Date"] and message["Message-Id"])
