"""Hidden menus and watermarks."""

import io

from lxml import html
from reportlab.pdfgen.canvas import Canvas

from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from .. import countdown_table
from ..countdown import Countdown
from ..declarations import Declaration
from ..watermark import stamped
from .common import MODULE, LicenseCase

MENU = "base.menu_action_res_company_form"


def pdf(*sizes, rotated=False):
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for size in sizes:
        canvas.setPageSize(size)
        if rotated:
            canvas.setPageRotation(90)
        canvas.drawString(100, 100, "Something legal")
        canvas.showPage()
    canvas.save()
    stream.seek(0)
    return stream


def text_of(content):
    reader = PdfFileReader(io.BytesIO(content))
    pages = [reader.getPage(number) for number in range(reader.getNumPages())]
    return [(page.extract_text if hasattr(page, "extract_text") else page.extractText)() for page in pages]


@tagged("post_install", "-at_install")
class TestMenus(LicenseCase):
    declaration = Declaration(menus=(MENU,))

    def shown(self, user="base.user_admin"):
        menus = self.env["ir.ui.menu"].with_user(self.env.ref(user)).load_menus(False)
        children = {child for menu in menus.values() for child in menu["children"]}
        self.assertEqual({menu["id"] for menu in menus.values() if menu["id"]}, children)
        return {menu["xmlid"] for menu in menus.values() if menu["id"]}

    def test_hidden_without_a_license(self):
        self.assertNotIn(MENU, self.shown())
        self.assertIn("base.menu_administration", self.shown())

    def test_shown_with_one_at_once_and_hidden_again(self):
        self.use_license()
        self.assertIn(MENU, self.shown())
        self.use_no_license()
        self.assertNotIn(MENU, self.shown())

    def test_time_alone_hides_it(self):
        self.use_license()
        self.assertIn(MENU, self.shown())
        self.patch(type(self.licenses), "_evaluate", lambda self, module: type("No", (), {"ok": False}))
        self.assertNotIn(MENU, self.shown())

    def test_what_is_below_goes_with_it(self):
        declared = Declaration(menus=("base.menu_users",))
        self.patch(type(self.licenses), "_declarations", lambda self, installed: {MODULE: declared})
        self.env.registry.clear_cache()
        self.assertNotIn("base.menu_action_res_users", self.shown())
        self.assertIn("base_setup.menu_config", self.shown())

    def test_shown_while_a_countdown_runs(self):
        self.use_no_license(counting_down=True)
        self.assertIn(MENU, self.shown())

    def test_what_is_not_a_menu_hides_nothing(self):
        declared = Declaration(menus=("base.user_admin", "base.nothing"))
        self.patch(type(self.licenses), "_declarations", lambda self, installed: {MODULE: declared})
        self.env.registry.clear_cache()
        self.assertIn(MENU, self.shown())

    def test_the_web_client_starts_whatever_is_wrong(self):
        def fail(self):
            raise ValueError("on purpose")

        self.patch(type(self.licenses), "_find_hidden_menus", fail)
        with self.assertLogs("odoo.addons.aegis_client", "ERROR"):
            self.assertIn(MENU, self.shown())

    def test_an_app_opens_with_what_is_left(self):
        web_menus = self.env["ir.ui.menu"].with_user(self.env.ref("base.user_admin")).load_web_menus(False)
        self.assertNotIn(self.env.ref(MENU).id, web_menus)
        self.assertIn("root", web_menus)


@tagged("post_install", "-at_install")
class TestWatermark(LicenseCase):
    declaration = Declaration(models={"res.partner": frozenset(["create"])})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.view = cls.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "name": "aegis_test",
                "key": "aegis_client.report_of_a_test",
                "arch": """
                    <t t-call="web.html_container">
                        <t t-call="web.internal_layout">
                            <div class="page"><p t-out="docs.name"/></div>
                        </t>
                    </t>""",
            }
        )
        cls.report = cls.env["ir.actions.report"].create(
            {
                "name": "Test",
                "model": "res.partner",
                "report_type": "qweb-pdf",
                "report_name": "aegis_client.report_of_a_test",
            }
        )
        cls.partner = cls.env["res.partner"].create({"name": "Azure"})

    def words(self):
        return self.licenses._watermark(self.report)

    def test_by_status(self):
        store = self.parameters.set_param
        for words, how in (
            ("", {}),
            ("", {"exp": self.in_days(5)}),
            ("", {"exp": self.in_days(-1), "grace_until": self.in_days(5)}),
            ("NO VALID LICENSE", {"exp": self.in_days(-1)}),
            ("NO VALID LICENSE", {"instance_fingerprint": "sha256:" + 64 * "0"}),
        ):
            with self.subTest(how):
                store("aegis.license_tokens", self.vendor.license(**how))
                self.assertEqual(self.words(), words)
        store("aegis.license_tokens", False)
        self.assertEqual(self.words(), "NO VALID LICENSE")

    def test_none_when_only_the_updates_ended(self):
        declared = self.declaration._replace(released="2026-11-01")
        self.patch(type(self.licenses), "_declarations", lambda self, installed: {MODULE: declared})
        self.env.registry.clear_cache()
        token = self.vendor.license(license_type="perpetual", without=["exp"], updates_until=1_700_000_000)
        self.parameters.set_param("aegis.license_tokens", token)
        self.assertEqual(self.code(), "updates_ended")
        self.assertEqual(self.words(), "")

    def test_none_while_a_countdown_runs(self):
        self.use_no_license(counting_down=True)
        self.assertEqual(self.words(), "")
        countdown_table.write(self.env.cr, MODULE, Countdown(worked=True, since=1))
        self.assertEqual(self.words(), "NO VALID LICENSE")

    def test_always_on_a_staging_copy(self):
        token = self.vendor.license(instance_fingerprint="sha256:" + 64 * "0")
        self.parameters.set_param("aegis.license_tokens", token)
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertTrue(self.licenses.check(MODULE).ok)
        self.assertEqual(self.words(), "STAGING COPY")

    def test_never_on_a_report_that_is_kept(self):
        self.report.attachment = "'kept.pdf'"
        self.assertEqual(self.words(), "")

    def test_never_on_reports_of_other_models(self):
        self.report.model = "res.users"
        self.assertEqual(self.words(), "")

    def test_not_where_the_vendor_does_not_want_it(self):
        declared = self.declaration._replace(reports=False)
        self.patch(type(self.licenses), "_declarations", lambda self, installed: {MODULE: declared})
        self.env.registry.clear_cache()
        self.assertEqual(self.words(), "")

    def page(self, kind):
        content, _kind = self.report._render_qweb_html(
            self.report.report_name, self.partner.ids, {"report_type": kind}
        )
        return content

    def test_html(self):
        self.assertIn(b"NO VALID LICENSE", self.page("html"))
        self.use_license()
        self.assertNotIn(b"NO VALID LICENSE", self.page("html"))

    def test_what_a_pdf_is_made_of_has_no_words_of_html(self):
        bodies = self.report._prepare_html(self.page("pdf"), report_model="res.partner")[0]
        self.assertIn("Azure", html.fromstring(bodies[0]).text_content())
        self.assertNotIn("NO VALID LICENSE", str(bodies[0]))

    def test_each_page_of_a_pdf(self):
        content = stamped(pdf((595, 842), (842, 595), (200, 100)), "NO VALID LICENSE")
        pages = text_of(content)
        self.assertEqual(len(pages), 3)
        for text in pages:
            self.assertIn("NO VALID LICENSE", text)
            self.assertIn("Something legal", text)

    def test_a_pdf_that_cannot_be_stamped_is_given_as_it_is(self):
        with self.assertLogs("odoo.addons.aegis_client", "ERROR"):
            self.assertEqual(self.report._aegis_stamp(b"no PDF", "NO"), b"no PDF")

    def test_a_report_is_made_whatever_is_wrong(self):
        def fail(self, report):
            raise ValueError("on purpose")

        self.patch(type(self.licenses), "_find_watermark", fail)
        with self.assertLogs("odoo.addons.aegis_client", "ERROR"):
            self.assertEqual(self.words(), "")
