"""Certificates of keys and revocation lists: stored beside the licenses, and what follows from them."""

import itertools
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..license_files import LicenseFile
from ..models.aegis_license_facts import TRUST_TOKENS
from .common import DAY, MODULE, LicenseCase, Vendor
from .trust import Root

JTI = "0b6a4b5e-43fb-4c0d-8d7e-0a3c1d2e3f40"


class TrustCase(LicenseCase):
    """The trusted vendor has two roots; keys that one of them certifies sign licenses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor, cls.other_root = Root(kid="root-1"), Root(kid="root-2")
        keyring = cls.vendor.keyring() | cls.other_root.keyring()
        cls.classPatch(type(cls.licenses), "_keyring", lambda self: keyring)
        cls.env.registry.clear_cache()

    def trust(self):
        return (self.parameters.get_param(TRUST_TOKENS) or "").split("\n")

    def texts(self, *tokens):
        return "\n".join(tokens)


@tagged("post_install", "-at_install")
class TestTrust(TrustCase):
    def test_a_license_comes_with_the_certificate_of_its_key(self):
        key = self.vendor.certified(name="Signing 2027")
        license_ = key.license()
        result = self.licenses.store(self.texts(license_, key.certificate))
        trust = {"kind": "key_certificate", "issuer": key.issuer, "name": "Signing 2027", "seq": None}
        self.assertEqual(result["trust"], {"stored": [trust], "known": 0, "superseded": 0})
        self.assertEqual((result["stored"], result["refused"], result["rest"]), (1, [], ""))
        self.assertEqual((self.stored(), self.trust()), (license_, [key.certificate]))
        self.assertEqual(self.code(), "valid")

    def test_a_license_without_the_certificate_of_its_key_is_refused_with_a_remedy(self):
        key = self.vendor.certified()
        license_ = key.license()
        result = self.licenses.store(license_)
        self.assertEqual((result["stored"], result["rest"]), (0, license_))
        self.assertIn("not trusted here", result["refused"][0])
        self.licenses.store(key.certificate)
        self.assertEqual(self.licenses.store(result["rest"])["stored"], 1)
        self.assertEqual(self.code(), "valid")

    def test_no_order_of_pastes_loses_a_license(self):
        first, second = self.vendor.certified(), self.other_root.certified()
        self.licenses.store(self.vendor.license(exp=self.in_days(3)))
        before = self.stored()
        pieces = [first.certificate, first.license(), self.vendor.list(1), second.certificate]
        for order in itertools.permutations(pieces):
            with self.subTest(order=[pieces.index(piece) for piece in order]):
                self.parameters.set_param("aegis.license_tokens", before)
                self.parameters.set_param(TRUST_TOKENS, False)
                # What was refused stays in the field, and is stored with the next paste.
                rest = ""
                for piece in order:
                    rest = self.licenses.store(self.texts(rest, piece))["rest"]
                self.assertEqual((rest, self.code()), ("", "valid"))
                self.assertIn(before, self.stored())

    def test_a_list_withdraws_a_license(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        self.licenses.store(self.vendor.list(1, revoked=[JTI]))
        self.assertEqual(self.code(), "revoked")
        self.assertTrue(self.stored(), "it is not removed")
        self.assertEqual(self.licenses.search([]).code, "revoked")

    def test_a_withdrawn_license_is_refused(self):
        self.licenses.store(self.vendor.list(1, revoked=[JTI]))
        result = self.licenses.store(self.vendor.license(jti=JTI))
        self.assertEqual(result["stored"], 0)
        self.assertIn("withdrawn", result["refused"][0])

    def test_a_list_and_a_renewal_in_one_paste(self):
        self.licenses.store(self.vendor.license(jti=JTI))
        result = self.licenses.store(
            self.texts("Dear customer", self.vendor.list(1, revoked=[JTI]), self.vendor.license())
        )
        self.assertEqual((result["stored"], len(result["trust"]["stored"])), (1, 1))
        self.assertEqual(self.code(), "valid")

    def test_an_older_list_is_no_error_and_not_stored(self):
        newer = self.vendor.list(2)
        self.licenses.store(newer)
        for old in (self.vendor.list(1), self.vendor.list(2, iat=1_700_000_000)):
            result = self.licenses.store(old)
            self.assertEqual(result["trust"], {"stored": [], "known": 0, "superseded": 1})
            self.assertEqual((result["refused"], result["rest"]), ([], ""))
        self.assertEqual(self.trust(), [newer])

    def test_what_is_superseded_is_dropped(self):
        old, new = self.vendor.list(1), self.vendor.list(2)
        self.licenses.store(old)
        self.licenses.store(new)
        self.assertEqual(self.trust(), [new])

    def test_of_two_lists_in_one_paste_the_newer_one_is_stored(self):
        old, new = self.vendor.list(1), self.vendor.list(2)
        result = self.licenses.store(self.texts(new, old))
        self.assertEqual((len(result["trust"]["stored"]), result["trust"]["superseded"]), (1, 1))
        self.assertEqual(self.trust(), [new])

    def test_the_root_s_list_of_keys_is_kept_beside_a_newer_one_of_another_key(self):
        daily, stolen = self.vendor.certified(use=["license", "revocation"]), self.vendor.certified()
        by_root, newer = self.vendor.list(1, keys=[stolen.kid]), daily_list(self.vendor, daily, 2)
        self.licenses.store(self.texts(by_root, daily.certificate, newer))
        self.assertEqual(set(self.trust()), {by_root, daily.certificate, newer})

    def test_again(self):
        key = self.vendor.certified()
        text = self.texts(key.certificate, self.vendor.list(1))
        self.licenses.store(text)
        result = self.licenses.store(self.texts(text, text))
        self.assertEqual(result["trust"], {"stored": [], "known": 4, "superseded": 0})
        self.assertEqual((result["refused"], len(self.trust())), ([], 2))

    def test_what_is_twice_in_a_text_is_stored_once(self):
        list_, key = self.vendor.list(1), self.vendor.certified()
        result = self.licenses.store(self.texts(*[list_, key.certificate] * 3))
        self.assertEqual((len(result["trust"]["stored"]), result["trust"]["known"]), (2, 4))
        self.assertEqual(self.trust(), [list_, key.certificate])

    def test_a_list_that_is_held_stays_in_the_rest(self):
        list_, license_ = self.vendor.list(1), self.vendor.license()
        result = self.licenses.store(self.texts(list_, license_), held=[list_])
        self.assertEqual((result["stored"], result["trust"]["stored"], result["rest"]), (1, [], list_))
        self.assertEqual(self.trust(), [""])

    def test_refuses_what_no_root_signed(self):
        key, stranger = self.vendor.certified(), Root(kid="stranger")
        for token in (
            stranger.list(1),
            stranger.certified().certificate,
            daily_list(self.vendor, key, 1),
            self.vendor.certified(modules=[]).certificate,
            self.vendor.list(1, iss="Somebody Else"),
        ):
            result = self.licenses.store(token)
            self.assertEqual((result["trust"]["stored"], result["rest"]), ([], token))
            self.assertEqual(len(result["refused"]), 1)
        self.assertEqual(self.trust(), [""])

    def test_removing_the_last_license_keeps_what_is_trusted(self):
        key = self.vendor.certified()
        self.licenses.store(self.texts(key.certificate, key.license()))
        self.licenses.search([]).action_remove()
        self.assertEqual((self.stored(), self.trust()), ("", [key.certificate]))

    def test_removing_keeps_what_somebody_has_written_beside_the_licenses(self):
        key = self.vendor.certified()
        self.parameters.set_param(
            "aegis.license_tokens", self.texts(key.license(), key.certificate, key.license(jti=JTI))
        )
        self.assertEqual(self.licenses.remove(key.issuer, JTI), 1)
        self.assertEqual(self.code(), "valid")

    def test_a_license_file_may_bring_all_of_it(self):
        key = self.vendor.certified()
        bundle = self.texts(key.license(jti=JTI), key.certificate)
        self.use_files(bundle)
        self.assertEqual(self.code(), "valid")
        self.use_files(bundle, self.vendor.list(1, revoked=[JTI]))
        self.assertEqual(self.code(), "revoked")

    def test_a_pasted_license_counts_by_a_certificate_in_a_file(self):
        key = self.vendor.certified()
        self.use_files(key.certificate)
        self.assertEqual(self.licenses.store(key.license())["stored"], 1)
        self.assertEqual(self.code(), "valid")

    def test_a_file_with_a_list_alone_is_readable(self):
        key = self.vendor.certified()
        self.assertTrue(self.licenses._is_readable(self.vendor.list(1)))
        self.assertTrue(self.licenses._is_readable(key.certificate))
        self.assertFalse(self.licenses._is_readable(Root(kid="stranger").list(1)))
        self.assertFalse(self.licenses._is_readable(key.license()))
        self.licenses.store(key.certificate)
        self.assertTrue(self.licenses._is_readable(key.license()))
        self.assertFalse(self.licenses._is_readable("what is stored does not make this readable"))

    def test_more_than_can_be_read_at_once_counts_with_all_that_is_trusted(self):
        key = self.vendor.certified()
        crowd = self.texts(*(self.vendor.license("other") for _number in range(250)))
        self.use_files(crowd, self.texts(*(self.vendor.license("other") for _number in range(10))))
        self.licenses.store(self.texts(key.certificate, self.vendor.list(1, revoked=[JTI])))
        self.parameters.set_param("aegis.license_tokens", key.license(jti=JTI))
        self.assertEqual(self.code(), "revoked")
        self.parameters.set_param("aegis.license_tokens", key.license())
        self.assertEqual(self.code(), "valid")

    def test_only_administrators(self):
        with self.assertRaises(AccessError):
            self.licenses.with_user(self.new_user("clerk")).store(self.vendor.list(1))
        self.assertEqual(self.trust(), [""])

    def use_files(self, *texts):
        files = tuple(LicenseFile("/%d" % number, text) for number, text in enumerate(texts))
        self.patch(type(self.licenses), "_files", lambda licenses: files)


@tagged("post_install", "-at_install")
class TestStolenKey(TrustCase):
    def setUp(self):
        super().setUp()
        self.stolen = self.vendor.certified(name="Stolen", use=["license", "revocation"])
        self.certificate = self.stolen.certificate
        self.list = self.vendor.list(5, keys=[self.stolen.kid])
        self.before = self.stolen.license(jti=JTI)

    def test_what_was_stored_before_the_list_arrived_has_thirty_days(self):
        self.licenses.store(self.texts(self.certificate, self.before))
        self.let_pass(1)
        self.licenses.store(self.list)
        self.assertEqual(self.code(), "grace")
        self.assertIn(self.certificate, self.trust(), "without it nobody could tell that it is withdrawn")
        self.let_pass(29)
        self.assertEqual(self.code(), "grace")
        self.let_pass(1)
        self.assertEqual(self.code(), "revoked")

    def test_what_a_thief_signs_is_worth_nothing_whatever_its_date(self):
        self.licenses.store(self.texts(self.certificate, self.before))
        self.let_pass(1)
        self.licenses.store(self.list)
        for iat in (1_700_000_000, self.in_days(0), self.in_days(300)):
            result = self.licenses.store(self.stolen.license(iat=iat))
            self.assertEqual(result["stored"], 0)
            self.assertIn("withdrawn", result["refused"][0])

    def test_the_lists_of_a_thief_are_dropped(self):
        thiefs = daily_list(self.vendor, self.stolen, 10**9, revoked=[JTI])
        self.licenses.store(self.texts(self.certificate, thiefs, self.vendor.license(jti=JTI)))
        self.assertEqual(self.code(), "missing", "it was refused")
        self.licenses.store(self.texts(self.list, self.vendor.license(jti=JTI)))
        self.assertEqual(self.code(), "valid")
        self.assertNotIn(thiefs, self.trust())

    def test_the_license_issued_again_ends_it(self):
        self.licenses.store(self.texts(self.certificate, self.before))
        self.let_pass(1)
        key = self.other_root.certified(name="New")
        self.licenses.store(self.texts(self.list, key.certificate, key.license()))
        self.assertEqual(self.code(), "valid")

    def test_nothing_is_installed_in_these_days(self):
        self.licenses.store(self.texts(self.certificate, self.before))
        self.let_pass(1)
        self.licenses.store(self.list)
        declared = self.declaration
        with patch.object(type(self.licenses), "_declaration", lambda self, module: declared):
            self.assertEqual(self.licenses._report_for_installing(MODULE).code, "grace")

    def test_it_is_mailed_about_every_day(self):
        self.licenses.store(self.texts(self.certificate, self.before))
        self.let_pass(1)
        self.licenses.store(self.list)
        report = self.licenses.check(MODULE)
        self.assertEqual(self.licenses._due(self.licenses.search([]), report), 0)


def daily_list(vendor, key, seq, **changes):
    """Sign a list with a key that is no root."""
    signer = Root(vendor.issuer, key.kid)
    signer._private = key._private
    return signer.list(seq, **changes)


@tagged("post_install", "-at_install")
class TestRotation(TrustCase):
    """From one key to the next with the same wheel."""

    def test_the_loss_of_a_root(self):
        old = self.vendor.certified(name="2026")
        self.licenses.store(self.texts(old.certificate, old.license(exp=self.in_days(3))))
        self.assertEqual(self.code(), "expiring")
        new = self.other_root.certified(name="2027")
        self.licenses.store(self.texts(new.certificate, new.license()))
        self.assertEqual(self.code(), "valid")

    def test_a_key_retired_by_its_window_leaves_what_it_signed(self):
        now = self.in_days(0)
        old = self.vendor.certified(nbf=now - 100 * DAY, exp=now - 10 * DAY)
        in_it, after = old.license(iat=now - 20 * DAY), old.license(iat=now - 5 * DAY)
        result = self.licenses.store(self.texts(old.certificate, in_it, after))
        self.assertEqual((result["stored"], len(result["refused"])), (1, 1))
        self.assertEqual(self.code(), "valid")

    def test_a_certified_key_speaks_for_no_more_modules_than_it_may(self):
        key = self.vendor.certified(modules=["other_*"])
        result = self.licenses.store(self.texts(key.certificate, key.license()))
        self.assertEqual(result["stored"], 0)
        self.assertEqual(len(result["refused"]), 1)

    def test_another_vendor_in_the_same_wheel_signs_nothing_of_ours(self):
        other = Root("Other Vendor", "other-root")
        keyring = self.vendor.keyring(["base_*"]) | other.keyring(["other_*"])
        self.patch(type(self.licenses), "_keyring", lambda self: keyring)
        key = other.certified()
        for license_ in (other.license(), other.license(iss=self.vendor.issuer), key.license()):
            self.assertEqual(self.licenses.store(self.texts(key.certificate, license_))["stored"], 0)
        self.licenses.store(self.vendor.license(jti=JTI))
        self.licenses.store(other.list(9, revoked=[JTI], keys=[self.vendor.kid]))
        self.assertEqual(self.code(), "valid")

    def test_a_stranger_gets_nothing_in(self):
        stranger = Vendor(kid="root-1")
        self.assertEqual(self.licenses.store(stranger.license())["stored"], 0)
