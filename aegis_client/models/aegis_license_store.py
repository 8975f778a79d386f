"""Storing and removing licenses, and the rows that tell which ones were seen."""

from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import engine
from .aegis_license_facts import TOKENS

KEPT = (
    "valid",
    "expiring",
    "grace",
    "moving",
    "updates_ended",
    "not_yet_valid",
    "wrong_instance",
    "wrong_odoo_version",
)
"""What is worth storing: what works, and what time, a move or an upgrade of Odoo can make work."""


class Found(NamedTuple):
    """A license found in a text, and what becomes of it: ``new``, ``known`` or ``refused``."""

    assessment: object
    fate: str


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def store(self, text):
        """Store the licenses of a pasted text that are worth it, beside those that are there.

        :param str text: one or several licenses, or a whole message with them
        :return: ``{"stored": int, "known": int, "refused": [sentence, …], "rest": str}``; the rest is what is
            left of the text without what is stored
        :raise AccessError: the user is no administrator
        :raise UserError: there is no room for so many
        """
        self._check_administrator()
        stored = self._lock_pasted().split()
        found = self._find(text, stored)
        new = [item.assessment.token for item in found if item.fate == "new"]
        if new:
            self._add_tokens(stored, new)
        self._note_seen()
        self._try(self._remember_all)
        refused = [item.assessment for item in found if item.fate == "refused"]
        return {
            "stored": len(new),
            "known": sum(item.fate == "known" for item in found),
            "refused": [self._sentence(report) for report in refused or ([] if found else [self._ask(text)])],
            "rest": "\n".join(filter(None, (assessment.token for assessment in refused))),
        }

    @api.model
    def remove(self, issuer, jti):
        """Remove a pasted license.

        :param str issuer: who issued it
        :param str jti: its id
        :return: how many tokens were removed
        :rtype: int
        :raise AccessError: the user is no administrator
        :raise UserError: there is no engine to tell which one it is
        """
        self._check_administrator()
        problem = engine.problem()
        if problem:
            raise UserError(self._sentence(problem))
        found = self._ask(self._lock_pasted()).assessments
        going = [
            item for item in found if item.license and (item.license.iss, item.license.jti) == (issuer, jti)
        ]
        if going:
            # Somebody else may have written the parameter: wrapped, or with text around the licenses.
            self._write_tokens([item.token for item in found if item.token and item not in going])
            self.sudo().search([("issuer", "=", issuer), ("jti", "=", jti)]).unlink()
            self._try(self._remember_all)
        return len(going)

    def action_remove(self):
        """Remove the licenses of these rows, from the button of the form."""
        for row in self:
            if not self.remove(row.issuer, row.jti):
                raise UserError(
                    _("This license was not pasted here: it comes from a license file on the server.")
                )
        return self.env["ir.actions.actions"]._for_xml_id("aegis_client.action_settings")

    def _check_administrator(self):
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(_("Only administrators can manage licenses."))

    def _find(self, text, stored):
        """Find the licenses of a text.

        :param stored: the tokens that are stored
        :rtype: list[Found]
        """
        known = set(stored)
        found = []
        for assessment in self._ask(text).assessments:
            fate = "refused"
            if assessment.code in KEPT:
                fate = "known" if assessment.token in known else "new"
                known.add(assessment.token)
            found.append(Found(assessment, fate))
        return found

    def _add_tokens(self, stored, new):
        tokens = [*stored, *new]
        # A bundle that is too large is not read at all.
        if not self._ask("\n".join(tokens)).assessments:
            raise UserError(_("There are too many licenses. Remove those that have ended, then try again."))
        if not stored:
            # Of two first pastes at once the second tries again; no failing statement logs a token.
            self.env.cr.execute(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, '') ON CONFLICT (key) DO NOTHING",
                [TOKENS],
            )
        self._write_tokens(tokens)

    def _lock_pasted(self):
        """Give the pasted text as it is in the database, and make whoever else changes it wait."""
        self.env["ir.config_parameter"].flush_model(["key", "value"])
        self.env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s FOR UPDATE", [TOKENS])
        row = self.env.cr.fetchone()
        return row[0] if row else ""

    def _write_tokens(self, tokens):
        # An empty parameter is no parameter.
        self.env["ir.config_parameter"].sudo().set_param(TOKENS, "\n".join(tokens) or False)

    def _note_seen(self):
        """Keep the rows up to date with what is stored and lies in files."""
        seen = self.browse()
        for origin, text in [
            *(("file", file.text) for file in self._files()),
            ("pasted", self._read_facts().pasted),
        ]:
            for assessment in self._ask(text).assessments:
                if assessment.license and (origin == "pasted" or self._concerns(assessment)):
                    seen |= self._try(self._note, assessment, origin) or self.browse()
        gone = self.sudo().search([("id", "not in", seen.ids), ("origin", "!=", False)])
        gone.write({"code": "gone", "origin": False})

    def _note(self, assessment, origin):
        license_ = assessment.license
        key = {"issuer": _printable(license_.iss), "jti": license_.jti}
        row = self.sudo().search([(name, "=", value) for name, value in key.items()], limit=1)
        now = fields.Datetime.now()
        values = {
            "customer": _printable(license_.customer_name),
            "license_type": license_.license_type,
            "modules": ", ".join(module["technical_name"] for module in license_.modules),
            "ends_at": license_.exp is not None and self._datetime(license_.exp),
            "origin": origin,
            "code": assessment.code,
            "last_seen": now,
        }
        if license_.instance_fingerprint and _has_passed(assessment, "wrong_instance"):
            values["last_match"] = now
        if row:
            row.write(values)
            return row
        return row.create({**key, **values, "first_seen": now})


def _printable(text):
    """Take out what the database cannot hold, and what is not to be seen."""
    return "".join(letter for letter in text if letter.isprintable())


def _has_passed(assessment, code):
    return any(check.code == code and check.result == "passed" for check in assessment.checks)
