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


class Folder(BaseCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.reader = Reader()

    def read(self, database="acme"):
        with patch.object(license_files, "INTERVAL", 0):
            return self.reader.read(database, [str(self.folder)])

    def write(self, text, name="aegis.license"):
        # Another size each time would do; a file system's clock may be coarse.
        path = self.folder / name
        path.write_text(text)
        return path


@tagged("post_install", "-at_install")
class TestCandidates(Folder):
    def test_addons_path(self):
        self.assertEqual(candidates("acme", ["/one", "/two"], {}), [Path("/one/aegis.license"), Path("/two/aegis.license")])

    def test_named_file(self):
        self.assertEqual(candidates("acme", [], {"AEGIS_LICENSE_FILE": "/etc/my.license"}), [Path("/etc/my.license")])

    def test_named_folder(self):
        found = candidates("acme", [], {"AEGIS_LICENSE_FILE": str(self.folder)})
        self.assertEqual([path.name for path in found], ["acme.license", "default.license"])

    def test_nothing_named(self):
        self.assertEqual(candidates("acme", [], {"AEGIS_LICENSE_FILE": " "}), [])


@tagged("post_install", "-at_install")
class TestReader(Folder):
    def test_no_file(self):
        self.assertEqual(self.read(), ())

    def test_appears_changes_vanishes(self):
        self.assertEqual(self.read(), ())
        path = self.write("eyJ one")
        self.assertEqual([file.text for file in self.read()], ["eyJ one"])
        self.write("eyJ another")
        self.assertEqual([file.text for file in self.read()], ["eyJ another"])
        path.unlink()
        self.assertEqual(self.read(), ())

    def test_last_good_content_counts_while_it_is_broken(self):
        self.write("eyJ good")
        self.read()
        for bad in (b"", b"no such thing", b"\xff\xfe\x00eyJ", b"eyJ" + bytes(license_files.MAX_SIZE)):
            (self.folder / "aegis.license").write_bytes(bad)
            with mute_logger(LOGGER):
                (file,) = self.read()
            self.assertEqual(file.text, "eyJ good")
            self.assertTrue(file.problem)
        self.write("eyJ mended")
        self.assertEqual(self.read(), ((str(self.folder / "aegis.license"), "eyJ mended", ""),))

    def test_a_problem_is_logged_once(self):
        self.write("")
        with self.assertLogs(LOGGER, "WARNING") as logs:
            for _round in range(3):
                self.read()
        self.assertEqual(len(logs.output), 1)

    def test_a_log_never_has_the_license(self):
        self.write("eyJsecret" * 3)
        self.read()
        self.write("eyJsecret" + "\0" * license_files.MAX_SIZE)
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.read()
        self.assertNotIn("secret", logs.output[0])

    @mute_logger(LOGGER)
    def test_no_regular_file(self):
        os.mkfifo(self.folder / "aegis.license")
        (file,) = self.read()
        self.assertEqual((file.text, file.problem), ("", "it is not a regular file"))

    @mute_logger(LOGGER)
    def test_a_folder_in_its_place(self):
        (self.folder / "aegis.license").mkdir()
        self.assertEqual(self.read()[0].text, "")

    def test_byte_order_mark(self):
        (self.folder / "aegis.license").write_bytes(b"\xef\xbb\xbfeyJ")
        self.assertEqual(self.read()[0].text, "eyJ")

    def test_several_databases(self):
        self.write("eyJ acme", "acme.license")
        self.write("eyJ all", "default.license")
        with patch.dict(os.environ, {"AEGIS_LICENSE_FILE": str(self.folder)}):
            self.assertEqual([file.text for file in self.read("acme")], ["eyJ acme", "eyJ all"])
            self.assertEqual([file.text for file in self.read("other")], ["eyJ all"])

    def test_not_more_often_than_the_interval(self):
        self.write("eyJ one")
        with patch.object(license_files, "INTERVAL", 1000):
            self.reader.read("acme", [str(self.folder)])
            self.write("eyJ another")
            self.assertEqual(self.reader.read("acme", [str(self.folder)])[0].text, "eyJ one")
            self.reader.forget()
            self.assertEqual(self.reader.read("acme", [str(self.folder)])[0].text, "eyJ another")


@tagged("post_install", "-at_install")
class TestLicenseFile(LicenseCase):
    def test_counts_as_if_pasted(self):
        file = license_files.LicenseFile("/some/where", self.vendor.license())
        self.assertEqual(self.code(), "missing")
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertEqual(self.code(), "valid")
            self.licenses._note_seen()
        self.assertEqual(self.licenses.search([]).origin, "file")

    def test_too_many_in_a_file_do_not_hide_the_pasted_ones(self):
        self.licenses.store(self.vendor.license())
        file = license_files.LicenseFile("/some/where", "\n".join(self.vendor.license() for _n in range(256)))
        with patch.object(type(self.licenses), "_files", lambda self: (file,)):
            self.assertEqual(self.code(), "valid")
