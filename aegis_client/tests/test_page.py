"""The settings page over the years: what is to come, whom it trusts, what a list would stop, moving."""

import base64
import time

from lxml import html

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..testing import DAY
from .common import MODULE, LicenseCase, Vendor
from .trust import Root

ELSEWHERE = "11111111-2222-3333-4444-555555555555"
JTI = "0b6a4b5e-43fb-4c0d-8d7e-0a3c1d2e3f40"


class PageCase(LicenseCase):
    """A vendor whose key is a root: it certifies keys and withdraws licenses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Root()
        keyring = cls.vendor.keyring()
        cls.classPatch(type(cls.licenses), "_keyring", lambda self: keyring)
        cls.env.registry.clear_cache()

    def settings(self, text=False):
        return self.env["res.config.settings"].create({"aegis_text": text})

    def overview(self):
        return html.fromstring(self.settings().aegis_overview)

    def card(self):
        (card,) = self.overview().find_class("o_aegis_card")
        return card

    def text_of(self, name):
        return words_of(self.overview().find_class(name)[0])

    def move(self):
        self.parameters.set_param("database.uuid", ELSEWHERE)


def words_of(element):
    return " ".join(element.text_content().split())


@tagged("post_install", "-at_install")
class TestInstance(PageCase):
    def test_the_activation_request_can_be_copied_and_tells_nothing(self):
        request = self.settings().aegis_activation
        self.assertRegex(request, r"^aegis-request\.[\w-]+\.[\w-]{8}$")
        self.assertNotIn(self.parameters.get_param("database.uuid"), request)
        body = request.split(".")[1]
        clear = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        self.assertNotIn(self.parameters.get_param("database.uuid"), clear)
        self.assertEqual(request, self.settings().aegis_activation, "the same each time")

    def test_the_instance_id_is_part_of_the_activation_request(self):
        before = self.settings().aegis_activation
        settings = self.settings()
        settings.aegis_instance_id = "  ACME-1 "
        settings.set_values()
        self.assertEqual(self.parameters.get_param("aegis.instance_id"), "ACME-1")
        self.assertEqual(self.settings().aegis_instance_id, "ACME-1")
        self.assertNotEqual(self.settings().aegis_activation, before)

    def test_an_address_is_taken_as_odoo_has_it(self):
        for typed in ("https://ERP.Example.com/web#home", "erp.example.com", "erp.example.com/"):
            settings = self.settings()
            settings.aegis_domain = typed
            settings.set_values()
            self.assertEqual(self.parameters.get_param("aegis.domain"), "erp.example.com", typed)
        settings = self.settings()
        settings.aegis_domain = " "
        settings.set_values()
        self.assertFalse(self.parameters.get_param("aegis.domain"))

    def test_the_daily_fetch_takes_https_only(self):
        for address in ("http://example.com/trust", "example.com", "ftp://example.com", "https://", "https:"):
            settings = self.settings()
            settings.aegis_trust_url = address
            with self.assertRaisesRegex(ValidationError, "https://"):
                settings.set_values()
        self.assertFalse(self.parameters.get_param("aegis.trust_url"))
        settings = self.settings()
        settings.aegis_trust_url = " https://example.com/trust "
        settings.set_values()
        self.assertEqual(self.parameters.get_param("aegis.trust_url"), "https://example.com/trust")

    def test_an_address_that_was_written_by_hand_keeps_no_setting_from_being_saved(self):
        self.parameters.set_param("aegis.trust_url", "http://example.com/trust")
        settings = self.settings(self.vendor.license())
        settings.set_values()
        self.assertTrue(self.stored())

    def test_saving_other_settings_writes_none_of_these(self):
        self.settings().set_values()
        self.assertFalse(self.parameters.search([("key", "=like", "aegis.%")]))


@tagged("post_install", "-at_install")
class TestChanges(PageCase):
    def test_each_change_has_its_day_its_time_and_utc(self):
        self.env.user.tz = "Asia/Tokyo"
        end = 1_900_000_000 - 1_900_000_000 % DAY + 20 * 3600
        self.licenses.store(self.vendor.license(exp=end))
        page = self.overview()
        said = words_of(page.find_class("o_aegis_day")[-1])
        self.assertIn(time.strftime("%Y-%m-%d 20:00 UTC", time.gmtime(end)), said)
        self.assertIn(time.strftime("%B %d, %Y", time.gmtime(end + 9 * 3600)).replace(" 0", " "), said)
        self.assertIn("5:00", said, "in Tokyo it is the next morning")
        self.assertIn("no longer works", said)

    def test_changes_of_one_day_stand_together(self):
        noon = (int(time.time()) // DAY + 40) * DAY + DAY // 2
        self.licenses.store(
            self.vendor.license(
                exp=noon, grace_until=noon + 3600, notify_admins_from=noon - 3600, license_type="subscription"
            )
        )
        (day,) = self.overview().find_class("o_aegis_day")
        codes = [item.get("data-code") for item in day.iter("li")]
        self.assertEqual(codes, ["expiring", "grace", "expired"])

    def test_when_users_are_warned_is_said(self):
        self.licenses.store(self.vendor.license(exp=self.in_days(90), notify_users_from=self.in_days(80)))
        self.assertIn("all users see a banner", self.text_of("o_aegis_changes"))

    def test_when_the_updates_end_is_said(self):
        self.licenses.store(
            self.vendor.license(license_type="perpetual", without=["exp"], updates_until=self.in_days(90))
        )
        said = self.text_of("o_aegis_changes")
        self.assertIn("The updates end", said)
        self.assertIn("goes on working", said)

    def test_the_end_of_a_count_down_is_said(self):
        self.licenses.store(self.vendor.license())
        self.parameters.set_param("aegis.license_tokens", False)
        said = self.text_of("o_aegis_changes")
        self.assertIn("count-down is over", said)


@tagged("post_install", "-at_install")
class TestMoving(PageCase):
    def test_a_card_says_since_when_until_when_and_why(self):
        self.licenses.store(self.vendor.license(instance_fingerprint=self.licenses._fingerprint()))
        self.move()
        self.licenses._cron_watch()
        card = self.card()
        said = words_of(card)
        self.assertEqual(card.get("data-code"), "moving")
        self.assertIn("Instance changed", said)
        self.assertIn("the database's id", said)
        self.assertIn("in 14 days", said)
        self.assertIn("Since ", said)
        self.assertTrue(card.find_class("text-bg-warning"))
        self.assertIn("it is for another instance", self.text_of("o_aegis_changes"))

    def test_a_license_that_never_matched_says_what_differs(self):
        self.licenses.store(self.vendor.license(instance_fingerprint="sha256:" + 64 * "0"))
        self.assertIn("the database's id, the address", words_of(self.card()))
        self.assertIn("activation request", words_of(self.overview()))

    def test_the_banner_tells_administrators_and_users(self):
        self.licenses.store(self.vendor.license(instance_fingerprint=self.licenses._fingerprint()))
        self.move()
        for login, group in (("boss", "base.group_user,base.group_system"), ("clerk", "base.group_user")):
            banner = self.licenses.with_user(self.new_user(login, group)).banner()
            self.assertEqual((banner["level"], banner["dismissible"]), ("warning", False), login)
            self.assertIn("This instance has changed", banner["lines"][0])


@tagged("post_install", "-at_install")
class TestFlags(PageCase):
    def setUp(self):
        super().setUp()
        self.boss = self.new_user("boss", "base.group_user,base.group_system")
        self.clerk = self.new_user("clerk")

    def banners(self):
        return [self.licenses.with_user(user).banner() for user in (self.boss, self.clerk)]

    def test_more_users_than_licensed_is_told_to_administrators_and_stops_nothing(self):
        count = self.licenses._usage()["users"]
        self.licenses.store(self.vendor.license(limits={"users": count - 1}))
        row = self.overview().find_class("o_aegis_module")[0]
        self.assertIn("%d of %d users" % (count, count - 1), words_of(row))
        self.assertIn("More than licensed", words_of(row))
        boss, clerk = self.banners()
        self.assertIsNone(clerk)
        self.assertEqual((boss["level"], boss["dismissible"]), ("warning", True))
        self.assertIn("%d of %d users" % (count, count - 1), boss["lines"][0])
        self.assertNotIn("Valid", boss["lines"][0])
        self.assertTrue(self.licenses.check(MODULE).ok)

    def test_as_many_users_as_licensed_is_no_news(self):
        self.licenses.store(self.vendor.license(limits={"users": self.licenses._usage()["users"]}))
        self.assertEqual(self.banners(), [None, None])

    def test_a_clock_in_doubt_is_told_to_administrators(self):
        self.ahead(days=100)
        self.licenses.store(self.vendor.license(exp=self.in_days(300)))
        page = self.overview()
        self.assertIn("Clock in doubt", words_of(page.find_class("o_aegis_module")[0]))
        self.assertEqual(words_of(page).count("Check the server's date"), 1)
        boss, clerk = self.banners()
        self.assertIsNone(clerk)
        self.assertIn("Check the server's date", boss["lines"][0])

    def test_a_license_that_has_ended_by_the_database_counts_down_and_all_are_told(self):
        self.ahead(days=400)
        self.licenses.store(self.vendor.license(exp=self.in_days(300), iat=int(time.time()) - 10 * DAY))
        row = words_of(self.overview().find_class("o_aegis_module")[0])
        self.assertIn("Counting down", row)
        self.assertIn("By the dates in this database", row)
        self.assertIn("in 14 days", row)
        boss, clerk = self.banners()
        self.assertEqual(boss["level"], "warning")
        self.assertIn("By the dates in this database", clerk["lines"][0])
        self.assertNotIn("Check the server's date", clerk["lines"][0], "that is for administrators")

    def ahead(self, days):
        """Let the database have entries of some day to come."""
        self.env.cr.execute(
            "UPDATE ir_config_parameter SET write_date = now() AT TIME ZONE 'UTC' + %s * interval '1 day'"
            " WHERE key = 'database.uuid'",
            [days],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()


@tagged("post_install", "-at_install")
class TestTrust(PageCase):
    def test_the_keys_say_what_they_may_sign(self):
        said = self.text_of("o_aegis_keys")
        for part in ("example-2026", "Example Vendor", "licenses, lists of what is withdrawn, further keys"):
            self.assertIn(part, said)

    def test_a_certificate_is_shown_with_name_use_modules_and_window(self):
        key = self.vendor.certified(name="Signing 2027", modules=["base_*"], nbf=1_700_000_000)
        self.licenses.store(key.certificate)
        said = self.text_of("o_aegis_certificates")
        for part in ("Signing 2027", "signs licenses", "base_*", "from November 14, 2023 on", "Valid"):
            self.assertIn(part, said)

    def test_only_the_list_in_force_is_shown(self):
        self.licenses.store(self.vendor.list(seq=7, revoked=[JTI]))
        self.licenses.store(self.vendor.list(seq=8, revoked=[JTI, "another"]))
        said = self.text_of("o_aegis_lists")
        self.assertIn("number 8", said)
        self.assertIn("licenses: 2", said)
        self.assertNotIn("number 7", said)

    def test_pasted_trust_says_what_becomes_of_it(self):
        old, new = self.vendor.list(seq=7), self.vendor.list(seq=8)
        self.licenses.store(new)
        bad = Vendor(kid="other").sign(
            {"iss": "x", "iat": 1, "seq": 1, "revoked": []}, "aegis-revocation+jwt"
        )
        page = html.fromstring(self.settings("\n".join([old, new, bad])).aegis_preview)
        said = [words_of(card) for card in page.find_class("o_aegis_trust")]
        self.assertIn("a newer one is stored", said[0])
        self.assertIn("is stored already", said[1])
        self.assertIn("will not be stored", said[2])
        self.assertIn("not trusted here", said[2])

    def test_validate_says_what_was_stored(self):
        key = self.vendor.certified()
        settings = self.settings(key.certificate + "\n" + key.license())
        action = settings.aegis_validate()
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("Stored: 1.", action["params"]["message"])
        self.assertIn("certificates and lists: 1", action["params"]["message"])
        self.assertFalse(settings.aegis_text)
        self.assertEqual(self.code(), "valid")

    def test_a_stolen_key_leaves_time_and_says_so(self):
        key = self.vendor.certified()
        self.licenses.store(key.certificate + "\n" + key.license(exp=self.in_days(300)))
        self.let_pass(1)
        settings = self.settings(self.vendor.list(seq=1, keys=[key.kid]))
        self.assertFalse(settings.aegis_stops, "it goes on for some time")
        self.assertIn("Grace period", settings.aegis_preview)
        settings.aegis_validate()
        card = self.card()
        self.assertEqual(card.get("data-code"), "grace")
        self.assertIn("The key that signed it was withdrawn", words_of(card))
        self.assertIn("in 30 days", words_of(card))
        self.assertIn("because the key that signed it was withdrawn", self.text_of("o_aegis_changes"))


@tagged("post_install", "-at_install")
class TestStops(PageCase):
    def setUp(self):
        super().setUp()
        self.licenses.store(self.vendor.license(jti=JTI))
        self.list = self.vendor.list(seq=1, revoked=[JTI])

    def trust(self):
        return self.parameters.get_param("aegis.trust_tokens") or ""

    def test_what_a_list_would_stop_is_shown_before_it_is_stored(self):
        settings = self.settings(self.list)
        self.assertTrue(settings.aegis_stops)
        page = html.fromstring(settings.aegis_preview)
        said = words_of(page.find_class("o_aegis_stops")[0])
        for part in (
            "would stop what works now",
            self.licenses._module_title(MODULE),
            "Azure Interior",
            "Withdrawn",
        ):
            self.assertIn(part, said)
        self.assertIn("only if you say so", words_of(page.find_class("o_aegis_trust")[0]))

    def test_validate_does_not_store_a_list_that_stops_something(self):
        settings = self.settings(self.list)
        action = settings.aegis_validate()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("would stop what works now", action["params"]["message"])
        self.assertEqual((self.trust(), settings.aegis_text), ("", self.list))
        self.assertEqual(self.code(), "valid")

    def test_validate_stores_the_rest(self):
        other = self.vendor.license()
        settings = self.settings(self.list + "\n" + other)
        settings.aegis_validate()
        self.assertIn(other, self.stored())
        self.assertEqual((self.trust(), settings.aegis_text), ("", self.list))

    def test_the_further_button_stores_it(self):
        settings = self.settings(self.list)
        action = settings.aegis_store_anyway()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual((self.trust(), settings.aegis_text), (self.list, False))
        self.assertEqual(self.code(), "revoked")
        self.assertIn("The vendor has withdrawn the license", words_of(self.card()))

    def test_save_asks_too(self):
        with self.assertRaisesRegex(UserError, "would stop what works now"):
            self.settings(self.list).set_values()
        self.assertEqual((self.trust(), self.code()), ("", "valid"))

    def test_a_list_that_stops_nothing_is_stored_at_once(self):
        harmless = self.vendor.list(seq=1, revoked=["another"])
        settings = self.settings(harmless)
        self.assertFalse(settings.aegis_stops)
        self.assertEqual(settings.aegis_validate()["params"]["type"], "success")
        self.assertEqual(self.trust(), harmless)

    def test_an_old_list_asks_nothing(self):
        self.licenses.store(self.vendor.list(seq=5))
        self.assertFalse(self.settings(self.list).aegis_stops)
