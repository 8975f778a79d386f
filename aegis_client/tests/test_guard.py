"""The guard: status, operation, and the way in. ``res.partner.category`` plays the guarded model."""

import json
import time
from unittest.mock import patch

from odoo import Command, release
from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, tagged

from .. import countdown_table, engine
from ..contexts import incoming_mail, marked, scheduled
from ..countdown import Countdown
from ..declarations import Declaration
from ..exceptions import LicenseRequired, LicenseRequiredRedirect
from ..guard import Guarded, passed
from ..models.ir_actions_server import refused
from .common import DAY, MODULE, LicenseCase, Vendor

MODEL = "res.partner.category"


def frozen(*operations):
    return Guarded(**{operation: {MODEL: MODULE} for operation in operations})


class GuardCase(LicenseCase):
    declaration = Declaration(models={MODEL: {"create", "write"}})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use_license()
        cls.model = cls.env[MODEL]
        cls.record = cls.model.create({"name": "There before"})
        cls.use_no_license()
        cls.classPatch(cls.env.registry, "aegis_guarded", frozen("create"))

    def guard_write_too(self):
        self.patch(self.env.registry, "aegis_guarded", frozen("create", "write"))

    def set_status(self, status):
        """Bring the module into a status, by licenses as an administrator might have them."""
        vendor, now = self.vendor, int(time.time())
        version = [release.major_version.split(".")[0]]
        elsewhere = "sha256:" + 64 * "0"
        tokens = {
            "valid": lambda: vendor.license(),
            "expiring": lambda: vendor.license(exp=self.in_days(10)),
            "grace": lambda: vendor.license(exp=self.in_days(-1), grace_until=self.in_days(5)),
            "expired": lambda: vendor.license(exp=self.in_days(-1)),
            "not_yet_valid": lambda: vendor.license(nbf=self.in_days(1)),
            "wrong_instance": lambda: vendor.license(instance_fingerprint=elsewhere),
            "wrong_odoo_version": lambda: vendor.license(
                module={"technical_name": MODULE, "allowed_major_versions": ["16"]}
            ),
            "other_module": lambda: vendor.license(
                module={"technical_name": "other", "allowed_major_versions": version}
            ),
            "updates_ended": lambda: vendor.license(
                license_type="perpetual", without=["exp"], updates_until=now - 900 * DAY
            ),
            "unknown_key": lambda: Vendor(kid="other").license(),
            "bad_signature": lambda: vendor.license()[:-4] + "AAAA",
            "malformed": lambda: vendor.license()[:150],
            "missing": lambda: False,
        }
        self.parameters.set_param("aegis.license_tokens", tokens[status]())

    def remember(self, countdown):
        countdown_table.write(self.env.cr, MODULE, countdown)

    def names(self):
        return self.model.search([]).mapped("name")


WORKING = ("valid", "expiring", "grace")
NOT_WORKING = (
    "expired",
    "not_yet_valid",
    "wrong_instance",
    "wrong_odoo_version",
    "other_module",
    "updates_ended",
    "unknown_key",
    "bad_signature",
    "malformed",
    "missing",
)


@tagged("post_install", "-at_install")
class TestStatuses(GuardCase):
    """Status by operation."""

    declaration = Declaration(models={MODEL: {"create", "write"}}, released="2026-11-01")

    def test_create_with_a_license_that_works(self):
        for status in WORKING:
            with self.subTest(status):
                self.set_status(status)
                self.assertTrue(self.model.create({"name": status}))

    def test_create_without_a_license_that_works(self):
        for status in NOT_WORKING:
            with self.subTest(status):
                self.set_status(status)
                with self.assertRaises(LicenseRequired) as caught:
                    self.model.create({"name": status})
                self.assertIn(self.licenses._module_title(MODULE), str(caught.exception))
                self.assertNotIn(status, self.names())

    def test_create_while_a_countdown_runs(self):
        self.remember(Countdown(worked=True))
        for status in NOT_WORKING:
            with self.subTest(status):
                self.set_status(status)
                if status == "expired":
                    continue
                self.assertTrue(self.model.create({"name": status}))

    def test_create_when_a_countdown_is_over(self):
        for status in NOT_WORKING:
            with self.subTest(status):
                self.remember(Countdown(worked=True, since=int(time.time()) - 15 * DAY))
                self.set_status(status)
                with self.assertRaises(LicenseRequired):
                    self.model.create({"name": status})

    def test_what_is_there_can_always_be_read_exported_archived_and_deleted(self):
        self.guard_write_too()
        for status in (*WORKING, *NOT_WORKING):
            with self.subTest(status):
                self.set_status("valid")
                record = self.model.create({"name": status})
                self.env.flush_all()
                self.env.invalidate_all()
                self.set_status(status)
                self.assertEqual(record.read(["name"])[0]["name"], status)
                self.assertEqual(record.export_data(["name"])["datas"], [[status]])
                self.assertEqual(self.model.search_count([("name", "=", status)]), 1)
                record.action_archive()
                self.assertFalse(record.active)
                record.unlink()
                self.assertFalse(record.exists())

    def test_write_is_free_unless_it_was_asked_for(self):
        self.set_status("expired")
        self.record.name = "Changed"
        self.assertEqual(self.record.name, "Changed")

    def test_write_where_it_was_asked_for(self):
        self.guard_write_too()
        for status in (*WORKING, *NOT_WORKING):
            with self.subTest(status):
                self.use_no_license()
                self.set_status(status)
                if status in WORKING:
                    self.record.write({"name": status})
                else:
                    with self.assertRaises(LicenseRequired):
                        self.record.write({"name": status, "active": True})
                    with self.assertRaises(LicenseRequired):
                        self.record.name = status

    def asked(self, seconds=0):
        """Say how often a create so many seconds from now asks for the license."""
        later = patch("odoo.addons.aegis_client.models.aegis_license_guard.time.time", lambda: now + seconds)
        asking = patch.object(
            type(self.licenses), "require", autospec=True, return_value=self.licenses.check(MODULE)
        )
        now = time.time()
        with asking as require, later:
            self.model.create({"name": "x"})
        return require.call_count

    def test_it_asks_once_a_second_at_most(self):
        self.set_status("valid")
        self.assertEqual([self.asked(), self.asked(0.5), self.asked(1.5), self.asked(1.6)], [1, 0, 1, 0])

    def test_it_asks_when_the_clock_was_set_back(self):
        self.set_status("valid")
        self.assertEqual([self.asked(), self.asked(-60)], [1, 1])

    def test_it_asks_when_the_license_ends(self):
        end = int(time.time()) + 1
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(exp=end))
        self.model.create({"name": "x"})
        self.assertEqual(passed[self.env.cr.dbname, MODULE][1], end)

    def test_it_asks_when_a_parameter_has_changed(self):
        self.set_status("valid")
        self.assertEqual(self.asked(), 1)
        self.parameters.set_param("some.parameter", "x")
        self.assertEqual([self.asked(), self.asked()], [1, 0])

    def test_other_models_go_on(self):
        self.guard_write_too()
        self.set_status("expired")
        partner = self.env["res.partner"].create({"name": "Unrelated"})
        partner.name = "Still unrelated"
        self.assertEqual(partner.name, "Still unrelated")

    def test_no_engine(self):
        self.set_status("valid")
        with patch.object(engine, "aegis_license", None):
            with self.assertRaises(LicenseRequired) as caught:
                self.model.create({"name": "x"})
            self.assertIn("aegis-license", str(caught.exception))
            self.remember(Countdown(worked=True))
            self.assertTrue(self.model.create({"name": "x"}))

    def test_nothing_is_refused_while_modules_are_loaded(self):
        self.guard_write_too()
        self.set_status("expired")
        self.patch(self.env.registry, "ready", False)
        self.model.create({"name": "From a data file"}).name = "From a migration"
        self.assertIn("From a migration", self.names())

    def test_the_state_of_a_module_is_no_way_out(self):
        module = self.env["ir.module.module"].search([("name", "=", MODULE)])
        for state in ("to remove", "uninstalled", "to upgrade"):
            module.state = state
            self.assertIn(MODULE, self.licenses._read_modules()[0])

    def test_a_registry_without_the_set_refuses_nothing(self):
        with patch.object(self.env.registry, "aegis_guarded", Guarded()):
            self.assertTrue(self.model.create({"name": "x"}))


@tagged("post_install", "-at_install")
class TestWays(GuardCase):
    """The way in: all of them meet the same guard."""

    def ways(self):
        user = self.new_user("clerk", "base.group_user,base.group_partner_manager")
        parent = self.record
        action = self.env["ir.actions.server"].create(
            {
                "name": "Make one",
                "model_id": self.env["ir.model"]._get_id(MODEL),
                "state": "code",
                "code": "env['res.partner.category'].create({'name': 'made'})",
            }
        )

        def through_a_form(env):
            form = Form(env[MODEL])
            form.name = "made"
            form.save()

        return {
            "orm": lambda: self.model.create({"name": "made"}),
            "several at once": lambda: self.model.create([{"name": "made"}, {"name": "made"}]),
            "sudo": lambda: self.model.with_user(user).sudo().create({"name": "made"}),
            "administrator": lambda: self.model.with_user(self.env.ref("base.user_admin")).create(
                {"name": "made"}
            ),
            "user": lambda: self.model.with_user(user).create({"name": "made"}),
            "forged context": lambda: self.model.with_context(
                install_mode=True, aegis_incoming_mail=True, incoming_mail=True, module=MODULE
            ).create({"name": "made"}),
            "name_create": lambda: self.model.name_create("made"),
            "copy": lambda: self.record.copy({"name": "made"}),
            "one2many": lambda: parent.write({"child_ids": [Command.create({"name": "made"})]}),
            "many2many": lambda: self.env["res.partner"].create(
                {"name": "Somebody", "category_id": [Command.create({"name": "made"})]}
            ),
            "form": lambda: through_a_form(self.env),
            "server action": lambda: action.run(),
        }

    def test_without_a_license(self):
        self.set_status("expired")
        for way, go in self.ways().items():
            with self.subTest(way), self.assertRaises(LicenseRequired), self.env.cr.savepoint():
                go()
        self.assertNotIn("made", self.names())

    def test_with_a_license(self):
        self.set_status("valid")
        for way, go in self.ways().items():
            with self.subTest(way):
                before = self.names().count("made")
                go()
                self.assertGreater(self.names().count("made"), before)

    def test_import_says_why(self):
        self.set_status("expired")
        result = self.model.load(["name"], [["made"], ["made too"]])
        self.assertFalse(result["ids"])
        self.assertIn("Ended on", result["messages"][0]["message"])
        self.set_status("valid")
        self.assertEqual(len(self.model.load(["name"], [["made"], ["made too"]])["ids"]), 2)

    def test_an_administrator_is_led_to_the_page(self):
        self.set_status("expired")
        with self.assertRaises(LicenseRequiredRedirect):
            self.model.with_user(self.env.ref("base.user_admin")).create({"name": "made"})
        with self.assertRaises(LicenseRequired) as caught:
            user = self.new_user("clerk", "base.group_user,base.group_partner_manager")
            self.model.with_user(user).create({"name": "made"})
        self.assertNotIsInstance(caught.exception, LicenseRequiredRedirect)
        self.assertIsInstance(caught.exception, UserError)

    def test_records_out_of_incoming_mail_are_kept(self):
        self.set_status("expired")
        with marked(incoming_mail):
            self.assertTrue(self.model.create({"name": "made"}))
        with self.assertRaises(LicenseRequired):
            self.model.create({"name": "made"})


@tagged("post_install", "-at_install")
class TestScheduledActions(GuardCase):
    def setUp(self):
        super().setUp()
        refused.clear()
        self.action = self.env["ir.actions.server"].create(
            {
                "name": "Make one",
                "model_id": self.env["ir.model"]._get_id(MODEL),
                "state": "code",
                "code": "env['res.partner.category'].create({'name': 'made'})",
            }
        )
        self.rollbacks = []
        self.patch(self.env.cr, "rollback", lambda: self.rollbacks.append(1))

    def test_a_refusal_is_no_failure(self):
        self.set_status("expired")
        with marked(scheduled), self.assertLogs("odoo.addons.aegis_client", "WARNING") as log:
            self.assertFalse(self.action.run())
        self.assertEqual(len(self.rollbacks), 1)
        self.assertIn("Make one", log.output[0])
        self.assertNotIn("Traceback", log.output[0])

    def test_it_is_logged_once(self):
        self.set_status("expired")
        with marked(scheduled), self.assertLogs("odoo.addons.aegis_client", "WARNING") as log:
            self.action.run()
            self.action.run()
        self.assertEqual(len(log.output), 1)
        self.assertEqual(len(self.rollbacks), 2)

    def test_it_runs_with_a_license_again_and_a_later_refusal_is_logged_again(self):
        self.set_status("expired")
        with marked(scheduled), self.assertLogs("odoo.addons.aegis_client", "WARNING") as log:
            self.action.run()
            self.set_status("valid")
            self.action.run()
            self.set_status("expired")
            self.action.run()
        self.assertEqual(self.names().count("made"), 1)
        self.assertEqual(len(log.output), 2)

    def test_elsewhere_it_is_refused_like_anything(self):
        self.set_status("expired")
        with self.assertRaises(LicenseRequired):
            self.action.run()
        self.assertEqual(self.rollbacks, [])

    def test_other_errors_are_failures(self):
        self.action.code = "raise UserError('something else')"
        with marked(scheduled), self.assertRaises(UserError):
            self.action.run()
        self.assertEqual(self.rollbacks, [])

    def test_what_is_left_to_do_does_not_start_it_again_at_once(self):
        if "ir.cron.progress" not in self.env:
            return
        self.set_status("expired")
        cron = self.env.ref("aegis_client.ir_cron_watch")
        progress = self.env["ir.cron.progress"].create({"cron_id": cron.id, "remaining": 100})
        with marked(scheduled), self.assertLogs("odoo.addons.aegis_client", "WARNING"):
            self.action.with_context(ir_cron_progress_id=progress.id).run()
        self.assertEqual(progress.remaining, 0)


@tagged("post_install", "-at_install")
class TestOverRpc(GuardCase, HttpCase):
    """As the web client calls it."""

    def call(self, method, *args):
        self.authenticate("admin", "admin")
        route = "/web/dataset/call_kw/%s/%s" % (MODEL, method)
        context = {"aegis_incoming_mail": True, "install_mode": True}
        params = {"model": MODEL, "method": method, "args": args, "kwargs": {"context": context}}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        answer = self.url_open(route, data=body, headers={"Content-Type": "application/json"}).json()
        return answer.get("result"), answer.get("error", {}).get("data", {})

    def test_create_without_a_license(self):
        self.set_status("expired")
        _result, error = self.call("create", [{"name": "made"}])
        self.assertIn("LicenseRequiredRedirect", error["name"])
        self.assertIn("Ended on", error["message"])
        self.assertNotIn("made", self.names())

    def test_web_save_and_copy_without_a_license(self):
        self.set_status("missing")
        for method, args in {
            "web_save": ([], {"name": "made"}, {"name": {}}),
            "copy": ([self.record.id],),
            "name_create": ("made",),
        }.items():
            with self.subTest(method):
                self.assertIn("LicenseRequired", self.call(method, *args)[1]["name"])

    def test_create_with_a_license(self):
        self.set_status("valid")
        result, error = self.call("create", [{"name": "made"}])
        self.assertFalse(error)
        self.assertEqual(self.model.browse(result).name, "made")

    def test_reading_and_deleting_without_a_license(self):
        self.set_status("expired")
        self.assertEqual(self.call("read", [self.record.id], ["name"])[0][0]["name"], "There before")
        self.assertTrue(self.call("unlink", [self.record.id])[0])
