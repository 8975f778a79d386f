"""The daily fetch, where an address is set; and that nothing opens a connection otherwise."""

import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import requests

from odoo.tests import BaseCase, tagged

from .. import hooks, trust_fetch
from ..models import aegis_license_fetch
from .common import MODULE
from .test_trust import JTI, TrustCase
from .trust import Root

ADDRESS = "https://user:secret@vendor.example/trust.txt?token=secret"
LOGGER = "odoo.addons.aegis_client.models.aegis_license_fetch"


class Answer:
    """What a server answers."""

    def __init__(self, content=b"", status=200, location=None, parts=None):
        self.status_code = status
        self.is_redirect = location is not None
        self.headers = {"location": location}
        self.parts = parts or [content]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def iter_content(self, size):
        yield from self.parts


@contextmanager
def server(*answers):
    """Have answers given in turn, and tell what was asked."""
    asked, left = [], list(answers)

    def get(session, url, **how):
        asked.append((url, how, dict(session.headers)))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with patch.object(requests.Session, "get", get):
        yield asked


@tagged("post_install", "-at_install")
class TestFetch(BaseCase):
    def refused(self, *answers):
        with server(*answers), self.assertRaises(trust_fetch.FetchError) as caught:
            trust_fetch.fetch(ADDRESS)
        self.assertNotIn("secret", str(caught.exception))
        return str(caught.exception)

    def test_a_text(self):
        with server(Answer("eyJ… é".encode())) as asked:
            self.assertEqual(trust_fetch.fetch(ADDRESS), "eyJ… é")
        ((url, how, headers),) = asked
        self.assertEqual(url, ADDRESS)
        self.assertEqual((how["timeout"], how["allow_redirects"], how["stream"]), (10, False, True))
        self.assertNotIn("verify", how, "certificates are checked")
        self.assertEqual(headers["Accept-Encoding"], "identity")

    def test_proxies_of_the_environment_are_taken(self):
        with (
            requests.Session() as session,
            patch.dict("os.environ", {"HTTPS_PROXY": "http://proxy.example:3128"}),
        ):
            settings = session.merge_environment_settings(ADDRESS, {}, None, None, None)
        self.assertEqual(settings["proxies"]["https"], "http://proxy.example:3128")

    def test_https_only(self):
        for address in ("http://vendor.example/", "file:///etc/passwd", "vendor.example", ""):
            with server() as asked, self.assertRaisesRegex(trust_fetch.FetchError, "https"):
                trust_fetch.fetch(address)
            self.assertEqual(asked, [])

    def test_redirects_lead_to_https_only(self):
        with server(Answer(location="/other"), Answer(b"text")) as asked:
            self.assertEqual(trust_fetch.fetch("https://vendor.example/trust"), "text")
        self.assertEqual(asked[1][0], "https://vendor.example/other")
        self.assertIn("https", self.refused(Answer(location="http://vendor.example/")))
        self.assertIn("from one address", self.refused(*[Answer(location=ADDRESS)] * 6))

    def test_a_status(self):
        self.assertIn("404", self.refused(Answer(status=404)))

    def test_no_more_than_four_mebibytes(self):
        part = b"x" * 64 * 1024
        with server(Answer(parts=[part] * 64)):
            self.assertEqual(len(trust_fetch.fetch(ADDRESS)), 4 * 1024 * 1024)
        self.assertIn("bytes", self.refused(Answer(parts=[part] * 65)))

    def test_what_the_network_says_does_not_tell_the_address(self):
        self.assertEqual(self.refused(requests.ConnectionError("with " + ADDRESS)), "ConnectionError")
        self.assertEqual(self.refused(OSError(ADDRESS)), "OSError")

    def test_a_server_that_takes_too_long(self):
        def slow(size):
            yield b"x"
            threading.Event().wait(2)

        answer = Answer()
        answer.iter_content = slow
        with patch.object(trust_fetch, "TOTAL", 0.2):
            self.assertIn("longer", self.refused(answer))


@tagged("post_install", "-at_install")
class TestDailyFetch(TrustCase):
    def setUp(self):
        super().setUp()
        aegis_license_fetch.failed.clear()
        self.parameters.set_param("aegis.trust_url", ADDRESS)

    def fetch(self, text):
        with patch.object(trust_fetch, "fetch", lambda url: text):
            self.licenses._cron_watch()

    def test_certificates_and_lists_are_stored(self):
        key, license_ = self.vendor.certified(), self.vendor.license(jti=JTI)
        self.licenses.store(license_)
        list_ = self.vendor.list(1, revoked=[JTI])
        self.fetch(self.texts("Our lists:", key.certificate, list_))
        self.assertEqual(self.trust(), [key.certificate, list_])
        self.assertEqual(self.code(), "revoked")

    def test_a_license_is_not(self):
        self.fetch(self.texts(self.vendor.list(1), self.vendor.license()))
        self.assertEqual((self.stored(), len(self.trust())), ("", 1))

    def test_what_is_superseded_is_dropped(self):
        self.licenses.store(self.vendor.list(1))
        newer = self.vendor.list(2)
        self.fetch(newer)
        self.fetch(self.vendor.list(1))
        self.assertEqual(self.trust(), [newer])

    def test_a_failure_is_logged_once_a_day_and_stops_nothing(self):
        def fail(url):
            raise trust_fetch.FetchError("the server answered with the status 503")

        self.parameters.set_param("aegis.license_tokens", self.vendor.license())
        with patch.object(trust_fetch, "fetch", fail), self.assertLogs(LOGGER, "WARNING") as log:
            self.licenses._cron_watch()
            self.licenses._cron_watch()
        self.assertEqual(len(log.output), 1)
        self.assertIn("503", log.output[0])
        self.assertNotIn("secret", log.output[0])
        self.assertEqual(self.licenses.search([]).code, "valid", "the rest is done")

    def test_what_is_no_list_is_logged(self):
        for text in ("<html>nothing here</html>", Root(kid="stranger").list(1)):
            aegis_license_fetch.failed.clear()
            with self.assertLogs(LOGGER, "WARNING"):
                self.fetch(text)
        self.assertEqual(self.trust(), [""])


@tagged("post_install", "-at_install")
class TestNoConnection(TrustCase):
    """An untouched installation opens none. PostgreSQL's is not made through Python."""

    def test_install_paste_check_and_cron(self):
        def connect(*args):
            raise AssertionError("a connection was opened: %s" % (args,))

        declared = self.declaration
        self.patch(type(self.licenses), "_declaration", lambda self, module: declared)
        self.patch(type(self.licenses), "_has_mail_server", lambda self: False)
        with (
            patch.object(socket.socket, "connect", connect),
            patch.object(socket.socket, "connect_ex", connect),
            patch.object(socket, "getaddrinfo", connect),
        ):
            hooks.post_init_hook(self.env)
            self.licenses._remember_loading(MODULE, is_new=True, parents=[])
            self.licenses.store(self.texts(self.vendor.list(1), self.vendor.license()))
            self.licenses.require(MODULE)
            self.assertEqual(self.code(), "valid")
            self.licenses._changes()
            self.licenses._preview(self.vendor.list(2, revoked=[JTI]))
            self.licenses.banner()
            self.licenses._render_overview()
            with patch.object(trust_fetch, "fetch", connect):
                self.licenses._cron_watch()
        self.assertEqual(self.licenses.search([]).code, "valid")

    def test_with_an_address_it_does(self):
        """The test above would see it."""
        self.parameters.set_param("aegis.trust_url", "https://vendor.example/trust")
        asked, list_ = [], self.vendor.list(1)
        with patch.object(trust_fetch, "fetch", lambda url: asked.append(url) or list_):
            self.licenses._cron_watch()
        self.assertEqual(asked, ["https://vendor.example/trust"])

    def test_neutralising_takes_the_address_away(self):
        self.parameters.set_param("aegis.trust_url", "https://vendor.example/trust")
        sql = Path(hooks.__file__).parent / "data" / "neutralize.sql"
        self.env.cr.execute(sql.read_text())
        self.assertEqual(self.licenses._parameters()["aegis.trust_url"], "")
