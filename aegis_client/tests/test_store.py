"""Pasting and removing: what is stored, what is refused, and that nothing bad replaces something good."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MODULE, LicenseCase, Vendor


@tagged("post_install", "-at_install")
class TestStore(LicenseCase):
    def refused(self, text):
        """Store a text that must be refused beside a good license, and give the reasons."""
        good = self.vendor.license()
        self.licenses.store(good)
        result = self.licenses.store(text)
        self.assertEqual(result["stored"], 0)
        self.assertEqual(self.stored(), good, "what was there before stays, and nothing is added")
        self.assertEqual(self.code(), "valid")
        self.assertTrue(result["refused"])
        return " ".join(result["refused"])

    def test_one(self):
        token = self.vendor.license()
        nothing = {"stored": [], "known": 0, "superseded": 0}
        expected = {"stored": 1, "known": 0, "refused": [], "rest": "", "trust": nothing}
        self.assertEqual(self.licenses.store(token), expected)
        self.assertEqual((self.stored(), self.code()), (token, "valid"))

    def test_a_whole_message_with_wrapped_lines(self):
        token = self.vendor.license()
        wrapped = "\r\n> ".join([""]) + "\n".join(token[i : i + 60] for i in range(0, len(token), 60))
        self.licenses.store("Dear customer,\n\n%s\n\nYours, the vendor" % wrapped)
        self.assertEqual(self.stored(), token)

    def test_several_at_once_one_a_line(self):
        first, second = self.vendor.license(), self.vendor.license()
        self.assertEqual(self.licenses.store(first + "\nand\n" + second)["stored"], 2)
        self.assertEqual(self.stored(), first + "\n" + second)

    def test_again(self):
        token = self.vendor.license()
        self.licenses.store(token)
        result = self.licenses.store(token + " " + token)
        self.assertEqual((result["stored"], result["known"], result["refused"]), (0, 2, []))
        self.assertEqual(self.stored(), token)

    def test_a_renewal_beside_the_one_that_ends(self):
        old, new = self.vendor.license(exp=self.in_days(3)), self.vendor.license(nbf=self.in_days(2))
        self.licenses.store(old)
        self.licenses.store(new)
        self.assertEqual(self.stored(), old + "\n" + new)
        self.assertEqual(self.code(), "expiring")

    def test_good_and_bad_together(self):
        good, bad = self.vendor.license(), Vendor(kid="other").license()
        result = self.licenses.store(good + "\n" + bad)
        self.assertEqual((result["stored"], len(result["refused"]), result["rest"]), (1, 1, bad))
        self.assertEqual(self.stored(), good)

    def test_what_an_upgrade_or_a_move_can_make_work_is_stored(self):
        elsewhere = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        entry = {"technical_name": MODULE, "allowed_major_versions": ["99"]}
        later = self.vendor.license(modules=[entry], without=["module"])
        self.assertEqual(self.licenses.store(elsewhere + "\n" + later)["stored"], 2)

    def test_refuses_empty(self):
        self.refused("")

    def test_refuses_spaces(self):
        self.refused(" \t\n\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}")

    def test_refuses_a_megabyte_of_text(self):
        self.refused("lorem ipsum " * 90_000)

    def test_refuses_a_megabyte_of_half_a_license(self):
        self.refused("eyJ" + "A" * 1024 * 1024)

    def test_refuses_more_than_a_bundle(self):
        self.refused("x" * (4 * 1024 * 1024 + 1))

    def test_refuses_half_a_license(self):
        self.assertIn("not complete", self.refused(self.vendor.license()[:150]))

    def test_refuses_a_changed_license(self):
        header, payload, signature = self.vendor.license().split(".")
        changed = "%s.%s%s.%s" % (header, payload[:-5], "AAAAA", signature)
        self.assertIn("changed", self.refused(changed))

    def test_refuses_an_unknown_key(self):
        self.assertIn("not trusted", self.refused(Vendor(kid="other").license()))

    def test_refuses_another_issuer(self):
        self.assertIn("vendor", self.refused(self.vendor.license(iss="Somebody Else")))

    def test_refuses_an_expired_one(self):
        self.assertIn("Ended on", self.refused(self.vendor.license(exp=self.in_days(-1))))

    def test_refuses_a_revocation_list_of_a_key_that_may_sign_none(self):
        claims = {"iss": self.vendor.issuer, "iat": 1_790_000_000, "seq": 1, "revoked": []}
        self.refused(self.vendor.sign(claims, typ="aegis-revocation+jwt"))

    def test_refuses_right_to_left_text(self):
        self.refused("رخصة \N{RIGHT-TO-LEFT OVERRIDE} eyJ רישיון")

    def test_no_room(self):
        tokens = "\n".join(self.vendor.license() for _number in range(256))
        self.assertEqual(self.licenses.store(tokens)["stored"], 256)
        with self.assertRaisesRegex(UserError, "too many"):
            self.licenses.store(self.vendor.license())
        self.assertEqual((self.stored(), self.code()), (tokens, "valid"))

    def test_remove(self):
        first, second = self.vendor.license(), self.vendor.license(jti="11111111-0c55-4f0e-8b6e-2f1a6a0c9e01")
        self.licenses.store(first + "\n" + second)
        self.assertEqual(self.licenses.remove(self.vendor.issuer, "11111111-0c55-4f0e-8b6e-2f1a6a0c9e01"), 1)
        self.assertEqual(self.stored(), first)
        self.assertEqual(len(self.licenses.search([])), 1)

    def test_remove_the_last(self):
        self.licenses.store(self.vendor.license())
        self.licenses.search([]).action_remove()
        self.assertEqual((self.stored(), self.code()), ("", "missing"))
        self.assertFalse(self.licenses.search([]))

    def test_remove_what_is_not_there(self):
        token = self.vendor.license()
        self.licenses.store(token)
        self.assertEqual(self.licenses.remove("Nobody", "none"), 0)
        self.assertEqual(self.stored(), token)

    def test_remove_from_a_parameter_that_somebody_else_wrote(self):
        going, other = self.vendor.license(), self.vendor.license(iss="Somebody Else")
        wrapped = "\n".join(going[i : i + 60] for i in range(0, len(going), 60))
        self.parameters.set_param("aegis.license_tokens", "note: %s\n%s" % (wrapped, other))
        self.licenses._note_seen()
        self.licenses.search([("code", "=", "valid")]).action_remove()
        self.assertEqual(self.stored(), other)

    def test_rows_tell_what_was_seen(self):
        self.licenses.store(self.vendor.license(instance_fingerprint=self.licenses._fingerprint()))
        row = self.licenses.search([])
        self.assertEqual((row.customer, row.code, row.origin), ("Azure Interior", "valid", "pasted"))
        self.assertEqual(row.modules, MODULE)
        self.assertTrue(row.first_seen and row.last_seen and row.last_match and row.ends_at)
        self.licenses.store(self.vendor.license())
        self.assertEqual(len(self.licenses.search([])), 2)

    def test_a_row_carries_no_trust(self):
        self.licenses.store(self.vendor.license())
        self.parameters.set_param("aegis.license_tokens", False)
        self.licenses.search([]).sudo().code = "valid"
        self.assertEqual(self.code(), "missing")

    def test_only_administrators(self):
        clerk = self.licenses.with_user(self.new_user("clerk"))
        with self.assertRaises(AccessError):
            clerk.store(self.vendor.license())
        with self.assertRaises(AccessError):
            clerk.remove("Example Vendor", "any")
        self.assertEqual(self.stored(), "")

    def test_a_paste_that_the_cache_does_not_know_of_is_kept(self):
        other, mine = self.vendor.license(), self.vendor.license()
        self.assertEqual(self.stored(), "")
        sql = "INSERT INTO ir_config_parameter (key, value) VALUES ('aegis.license_tokens', %s)"
        self.env.cr.execute(sql, [other])
        self.assertEqual(self.licenses.store(other + " " + mine)["known"], 1)
        self.assertEqual(self.stored(), other + "\n" + mine)

    def test_a_removal_that_the_cache_does_not_know_of_counts(self):
        token = self.vendor.license()
        self.licenses.store(token)
        self.assertEqual((self.stored(), self.code()), (token, "valid"))
        self.env.cr.execute("DELETE FROM ir_config_parameter WHERE key = 'aegis.license_tokens'")
        self.env.invalidate_all()
        self.assertEqual(self.licenses.store(token)["stored"], 1)
        self.env.registry.clear_all_caches()
        self.assertEqual(self.stored(), token)

    def test_last_match_needs_a_match(self):
        elsewhere = {"instance_fingerprint": "sha256:" + 64 * "0"}
        entry = {"technical_name": MODULE, "allowed_major_versions": ["99"]}
        self.licenses.store(self.vendor.license(modules=[entry], without=["module"], **elsewhere))
        self.parameters.set_param("database.is_neutralized", "true")
        self.licenses.store(self.vendor.license(**elsewhere))
        self.assertEqual(self.licenses.search([]).mapped("last_match"), [False, False])

    def test_names_that_the_database_cannot_hold(self):
        bad = self.vendor.license(
            customer={"id": "C", "name": "Azure\x00\n\N{RIGHT-TO-LEFT OVERRIDE} Interior"}
        )
        self.licenses.store(bad + "\n" + self.vendor.license())
        self.assertEqual(self.licenses.search([]).mapped("customer"), ["Azure Interior"] * 2)

    def test_rows_of_what_is_gone_say_so(self):
        self.licenses.store(self.vendor.license())
        self.parameters.set_param("aegis.license_tokens", False)
        self.licenses._note_seen()
        row = self.licenses.search([])
        self.assertEqual((row.code, row.origin), ("gone", False))

    @mute_logger("odoo.sql_db")
    def test_one_row_for_a_license(self):
        self.licenses.store(self.vendor.license(jti="11111111-0c55-4f0e-8b6e-2f1a6a0c9e01"))
        self.licenses.store(
            self.vendor.license(jti="11111111-0c55-4f0e-8b6e-2f1a6a0c9e01", iat=1_790_000_001)
        )
        self.assertEqual(len(self.licenses.search([])), 1)
