"""What the engine wants remembered: when it is written down, and that nothing is lost."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .. import engine, hooks, state_table
from ..exceptions import LicenseRequired
from ..models.aegis_license import Question
from ..models.aegis_license_facts import _read_state
from .common import MODULE, LicenseCase

JTI = "0b6a4b5e-43fb-4c0d-8d7e-0a3c1d2e3f40"


@tagged("post_install", "-at_install")
class TestState(LicenseCase):
    def put(self, **claims):
        """Write a license behind the back of everything that remembers."""
        self.parameters.set_param("aegis.license_tokens", self.vendor.license(jti=JTI, **claims))

    def remember(self):
        self.licenses._remember_state(self.licenses._read_facts())

    def seen(self):
        return self.remembered_of_licenses().get("licenses", {}).get(self.vendor.issuer, {}).get(JTI)

    def test_check_writes_nothing(self):
        self.put()
        self.licenses.check(MODULE)
        self.assertIsNone(self.seen())

    def test_the_guard_writes(self):
        self.put(instance_fingerprint=self.licenses._fingerprint())
        self.licenses.require(MODULE)
        uuid = self.parameters.get_param("database.uuid")
        self.assertEqual(self.seen()["matched"]["database_uuid"], uuid)

    def test_a_refusal_writes(self):
        self.put(exp=self.in_days(-1))
        try:
            self.licenses.require(MODULE)
        except LicenseRequired:
            self.assertIsNotNone(self.seen())
            return
        self.fail("it was not refused")

    def test_paste_writes(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        self.assertIsNotNone(self.seen())

    def test_the_cron_writes(self):
        self.put()
        self.licenses._cron_watch()
        self.assertIsNotNone(self.seen())

    def test_installing_and_upgrading_write(self):
        declared = self.declaration
        for is_new in (True, False):
            state_table.write(self.env.cr, "{}")
            self.put()
            with patch.object(type(self.licenses), "_declaration", lambda self, module: declared):
                self.licenses._remember_loading(MODULE, is_new, [])
            self.assertIsNotNone(self.seen())

    def test_installing_this_addon_writes(self):
        self.put()
        hooks.post_init_hook(self.env)
        self.assertIsNotNone(self.seen())

    def test_what_two_workers_note_is_not_lost(self):
        self.put()
        facts = self.licenses._facts()
        other = {"licenses": {self.vendor.issuer: {"another": {"first_seen": 5}}}}
        # Since these facts were read another worker has written something.
        self.env.cr.execute("UPDATE aegis_state SET state = %s", [json.dumps(other)])
        self.licenses._stamp(self.env.cr, facts)
        self.assertEqual(set(self.remembered_of_licenses()["licenses"][self.vendor.issuer]), {"another", JTI})

    def test_what_was_seen_before_there_was_such_a_table_is_taken_over(self):
        self.put()
        self.licenses._note_seen()
        self.env.cr.execute(
            "UPDATE aegis_license SET first_seen = '2026-01-01 00:00:00' WHERE jti = %s", [JTI]
        )
        state_table.drop(self.env.cr)
        state_table.create(self.env.cr)
        self.assertEqual(self.seen(), {"first_seen": 1767225600})

    def test_nothing_is_written_when_nothing_changes(self):
        self.put()
        self.remember()
        with patch.object(state_table, "write") as write:
            self.remember()
        write.assert_not_called()

    def test_what_cannot_be_read_begins_anew_and_is_logged_once(self):
        self.put()
        _read_state.cache_clear()
        self.env.cr.execute("UPDATE aegis_state SET state = '{\"licenses\": 7'")
        with self.assertLogs("odoo.addons.aegis_client.models.aegis_license_facts", "ERROR") as log:
            self.assertEqual(self.licenses._read_facts().state, engine.aegis_license.State())
            self.licenses._read_facts()
        self.assertEqual(len(log.output), 1)
        self.assertEqual(self.code(), "valid")
        self.remember()
        self.assertIsNotNone(self.seen())

    def test_without_the_table_it_goes_on(self):
        self.put()
        with patch("odoo.addons.aegis_client.state_table.table_exists", lambda cr, name: False):
            self.remember()
            self.licenses.require(MODULE)
            self.assertTrue(self.licenses.check(MODULE).ok)
        self.assertIsNone(self.seen())

    def test_without_the_row_it_goes_on(self):
        self.env.cr.execute("DELETE FROM aegis_state")
        self.put()
        self.remember()
        self.assertIsNotNone(self.seen())

    def test_without_an_engine_it_is_kept(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        with patch.object(engine, "aegis_license", None):
            self.assertIsNone(self.licenses._read_facts().state)
            self.licenses._cron_watch()
        self.assertIsNotNone(self.seen())

    def test_the_upgrade_from_a_version_without_it(self):
        state_table.drop(self.env.cr)
        self.assertEqual(state_table.read(self.env.cr), "{}")
        self.licenses.init()
        self.put()
        self.remember()
        self.assertIsNotNone(self.seen())

    def test_uninstalling_leaves_nothing(self):
        for name in ("license_tokens", "trust_tokens", "instance_id", "domain", "trust_url"):
            self.parameters.set_param("aegis." + name, "https://example.com")
        hooks.uninstall_hook(self.env)
        self.assertFalse(self.parameters.search([("key", "=like", "aegis.%")]))
        self.env.cr.execute("SELECT 1 FROM pg_tables WHERE tablename IN ('aegis_state', 'aegis_countdown')")
        self.assertFalse(self.env.cr.fetchall())

    def test_no_table_is_a_model(self):
        for name in ("aegis.state", "aegis.countdown"):
            self.assertNotIn(name, self.env)

    def test_from_the_same_state_the_guard_writes_once(self):
        """As where its transaction does not see what was written by another."""
        self.put()
        stamped = []
        self.patch(state_table, "at_once", lambda _env, change: stamped.append(change))
        for _again in range(3):
            self.licenses.require(MODULE)
        self.assertEqual(len(stamped), 1)
        state_table.written.clear()
        self.licenses.require(MODULE)
        self.assertEqual(len(stamped), 2)

    def test_the_engine_is_asked_without_a_module(self):
        asked = []
        ask = type(self.licenses)._ask_engine

        def note(licenses, facts, question):
            asked.append(question)
            return ask(licenses, facts, question)

        with patch.object(type(self.licenses), "_ask_engine", note):
            self.remember()
        self.assertEqual(asked, [Question(None)])

    def test_while_odoo_loads_it_is_written_with_the_transaction(self):
        """Its table may be as new."""
        self.put()
        with patch.object(self.env.registry, "ready", False), patch.object(state_table, "at_once") as at_once:
            self.remember()
        at_once.assert_not_called()
        self.assertIsNotNone(self.seen())


@tagged("post_install", "-at_install")
class TestOwnTransactions(TransactionCase):
    """On the real database; what was there is written back."""

    def setUp(self):
        super().setUp()
        before = state_table.read(self.env.cr)
        self.addCleanup(state_table.at_once, self.env, lambda cr: state_table.write(cr, before))

    def remember(self, change):
        state_table.at_once(self.env, change)

    def test_it_stays_whatever_becomes_of_the_transaction_at_hand(self):
        self.remember(lambda cr: state_table.write(cr, '{"revoked_keys": {"k": 1}}'))
        with self.env.registry.cursor() as cr:
            self.assertEqual(json.loads(state_table.read(cr)), {"revoked_keys": {"k": 1}})

    def test_workers_wait_for_each_other(self):
        def add(name):
            def change(cr):
                keys = json.loads(state_table.read(cr)).get("revoked_keys", {})
                time.sleep(0.01)
                state_table.write(cr, json.dumps({"revoked_keys": {**keys, name: 1}}))

            self.remember(change)

        # However busy the machine is.
        self.patch(state_table, "PATIENCE", "60s")
        # The cursor at hand is for one thread, and is asked for nothing else.
        self.patch(state_table, "table_exists", lambda _cr, _table: True)
        names = ["key-%d" % number for number in range(8)]
        self.remember(lambda cr: state_table.write(cr, "{}"))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, names))
        with self.env.registry.cursor() as cr:
            self.assertEqual(sorted(json.loads(state_table.read(cr))["revoked_keys"]), names)

    def test_what_cannot_be_written_down_stops_nothing(self):
        def fail(cr):
            raise OSError("on purpose")

        with self.assertLogs("odoo.addons.aegis_client.state_table", "WARNING"):
            self.remember(fail)

    def test_who_cannot_have_the_table_goes_on(self):
        self.env.cr.execute("LOCK TABLE aegis_state IN EXCLUSIVE MODE")
        with self.assertLogs("odoo.addons.aegis_client.state_table", "WARNING") as log:
            self.remember(lambda cr: None)
        self.assertIn("lock timeout", log.output[0])
