"""License files: where they lie, and files that appear, change, break and vanish."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from .. import license_files
from ..license_files import Reader, candidates
from .common import LicenseCase

LOGGER = "odoo.addons.aegis_client.license_files"


def is_readable(text):
    """Stand in for the engine."""
    return text.startswith("eyJ")


class Folder(BaseCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.reader = Reader()

    def look(self, database="acme"):
        with patch.object(license_files, "INTERVAL", 0):
            return self.reader.files_of(database, [str(self.folder)], is_readable)

    def put(self, text, name="aegis.license"):
        # Another size each time would do; a file system's clock may be coarse.
        path = self.folder / name
        path.write_text(text)
        return path


@tagged("post_install", "-at_install")
class TestCandidates(Folder):
    def found(self, addons_path=(), named=""):
        with patch.dict(os.environ, {"AEGIS_LICENSE_FILE": named}):
            return [str(path) for path in candidates("acme", addons_path)]

    def test_addons_path(self):
        self.assertEqual(self.found(["/one", "/two"]), ["/one/aegis.license", "/two/aegis.license"])

    def test_named_file(self):
        self.assertEqual(self.found(named="/etc/my.license"), ["/etc/my.license"])

    def test_named_folder(self):
        found = self.found(named=str(self.folder))
        self.assertEqual([Path(path).name for path in found], ["acme.license", "default.license"])

    def test_nothing_named(self):
        self.assertEqual(self.found(named=" "), [])

    def test_a_name_that_cannot_be_looked_up(self):
        self.assertEqual(self.found(named="x" * 5000), ["x" * 5000])


@tagged("post_install", "-at_install")
class TestReader(Folder):
    def test_no_file(self):
        self.assertEqual(self.look(), ())

    def test_appears_changes_vanishes(self):
        self.assertEqual(self.look(), ())
        path = self.put("eyJ one")
        self.assertEqual([file.text for file in self.look()], ["eyJ one"])
        self.put("eyJ another")
        self.assertEqual([file.text for file in self.look()], ["eyJ another"])
        path.unlink()
        self.assertEqual(self.look(), ())

    def test_last_good_content_counts_while_it_is_broken(self):
        self.put("eyJ good")
        self.look()
        for bad in (b"", b"no such thing", b"\xff\xfe\x00eyJ", b"eyJ" + bytes(license_files.MAX_SIZE)):
            (self.folder / "aegis.license").write_bytes(bad)
            with mute_logger(LOGGER):
                (file,) = self.look()
            self.assertEqual(file.text, "eyJ good")
            self.assertTrue(file.problem)
        self.put("eyJ mended")
        self.assertEqual(self.look(), ((str(self.folder / "aegis.license"), "eyJ mended", ""),))

    def test_a_problem_is_logged_once(self):
        self.put("")
        with self.assertLogs(LOGGER, "WARNING") as logs:
            for _round in range(3):
                self.look()
        self.assertEqual(len(logs.output), 1)

    def test_a_log_never_has_the_license(self):
        self.put("eyJsecret" * 3)
        self.look()
        self.put("eyJsecret" + "\0" * license_files.MAX_SIZE)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.look()
        self.assertNotIn("secret", logs.output[0])

    @mute_logger(LOGGER)
    def test_no_regular_file(self):
        os.mkfifo(self.folder / "aegis.license")
        (file,) = self.look()
        self.assertEqual((file.text, file.problem), ("", "it is not a regular file"))

    @mute_logger(LOGGER)
    def test_a_folder_in_its_place(self):
        (self.folder / "aegis.license").mkdir()
        self.assertEqual(self.look()[0].text, "")

    @mute_logger(LOGGER)
    def test_a_name_that_cannot_be_looked_up(self):
        with patch.dict(os.environ, {"AEGIS_LICENSE_FILE": "x" * 5000}):
            self.assertIn("too long", self.look()[0].problem)

    def test_byte_order_mark(self):
        (self.folder / "aegis.license").write_bytes(b"\xef\xbb\xbfeyJ")
        self.assertEqual(self.look()[0].text, "eyJ")

    def test_several_databases(self):
        self.put("eyJ acme", "acme.license")
        self.put("eyJ all", "default.license")
        with patch.dict(os.environ, {"AEGIS_LICENSE_FILE": str(self.folder)}):
            self.assertEqual([file.text for file in self.look("acme")], ["eyJ acme", "eyJ all"])
            self.assertEqual([file.text for file in self.look("other")], ["eyJ all"])

    def test_not_more_often_than_the_interval(self):
        self.put("eyJ one")
        with patch.object(license_files, "INTERVAL", 1000):
            self.reader.files_of("acme", [str(self.folder)], is_readable)
            self.put("eyJ another")
            self.assertEqual(self.reader.files_of("acme", [str(self.folder)], is_readable)[0].text, "eyJ one")
            self.reader.forget()
            self.assertEqual(
                self.reader.files_of("acme", [str(self.folder)], is_readable)[0].text, "eyJ another"
            )


@tagged("post_install", "-at_install")
class TestLicenseFile(LicenseCase):
    def test_counts_as_if_pasted(self):
        file = license_files.LicenseFile("/some/where", self.vendor.license())
        self.assertEqual(self.code(), "missing")
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertEqual(self.code(), "valid")
            self.licenses._note_seen()
        self.assertEqual(self.licenses.search([]).origin, "file")

    def test_other_customers_of_a_shared_file_are_not_noted(self):
        other = self.vendor.license(
            module="not_installed_here", customer={"id": "X", "name": "Somebody Else"}
        )
        file = license_files.LicenseFile("/some/where", other)
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.licenses._note_seen()
        self.assertFalse(self.licenses.search([]))

    def test_half_a_license_does_not_replace_a_whole_one(self):
        token = self.vendor.license()
        with tempfile.TemporaryDirectory() as folder, patch.object(license_files, "INTERVAL", 0):
            path, own = Path(folder) / "aegis.license", Reader()
            path.write_text(token)
            read = type(self.licenses)._is_readable
            self.assertEqual(
                own.files_of("acme", [folder], lambda text: read(self.licenses, text))[0].text, token
            )
            path.write_text(token[: len(token) // 2])
            with mute_logger(LOGGER):
                (file,) = own.files_of("acme", [folder], lambda text: read(self.licenses, text))
            self.assertEqual(file.text, token)
            self.assertIn("no complete license", file.problem)

    def test_a_file_that_is_too_large_a_bundle_is_named(self):
        file = license_files.LicenseFile("/some/where", "\n".join(self.vendor.license() for _n in range(257)))
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertIn("/some/where", self.licenses._render_overview())

    def test_too_many_in_a_file_do_not_hide_the_pasted_ones(self):
        self.licenses.store(self.vendor.license())
        file = license_files.LicenseFile("/some/where", "\n".join(self.vendor.license() for _n in range(256)))
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertEqual(self.code(), "valid")
