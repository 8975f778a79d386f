from odoo.addons.aegis_client.exceptions import LicenseRequired
from odoo.addons.aegis_client.testing import LicensedCase


class TestNote(LicensedCase):
    """A vendor's tests of a protected module: with a license, without one, and in between."""

    licensed_module = "aegis_demo"

    def note(self):
        return self.env["aegis.demo.note"].create({"name": "A note", "text": "three little words"})

    def test_with_a_license(self):
        self.use_license(days=30)
        note = self.note()
        note.action_summarize()
        self.assertEqual(note.summary, "3")

    def test_after_its_end(self):
        self.use_license()
        note = self.note()
        self.use_license(days=-1)
        with self.assertRaises(LicenseRequired) as caught:
            self.note()
        self.assertEqual(caught.exception.code, "expired")
        with self.assertRaises(LicenseRequired):
            note.action_summarize()
        self.assertEqual(note.read(["name"])[0]["name"], "A note")
        note.unlink()

    def test_goes_on_for_some_days(self):
        self.use_no_license(counting_down=True)
        self.assertTrue(self.note())
