"""Storing and removing licenses, and the certificates and lists that come with them."""

from typing import NamedTuple

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from .. import engine
from .aegis_license_facts import TOKENS, TRUST_TOKENS

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


LASTING = ("unknown_key", "unsupported")
"""Stored certificates and lists are kept with these: the wheel may be older than it was."""


class Found(NamedTuple):
    """What was found in a text, and what becomes of it: ``new``, ``known``, ``refused`` or ``superseded``."""

    assessment: object
    fate: str


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def store(self, text, held=()):
        """Store what is worth it of a pasted text beside what is there: licenses, certificates and lists.

        :param str text: one or several tokens, or a whole message with them
        :param held: tokens that are not to be stored now, such as a list that would stop something
        :return: ``{"stored": int, "known": int, "refused": [sentence, …], "rest": str, "trust": {"stored":
            [{"kind", "issuer", "name", "seq"}, …], "known": int, "superseded": int}}``; ``trust`` is about
            certificates and lists; the rest is what is left of the text without what is stored
        :raise AccessError: the user is no administrator
        :raise UserError: there is no room for so many
        """
        self._check_administrator()
        pasted = self._lock_tokens(TOKENS).split()
        licenses, trust = self._find(text, pasted), self._find_trust(text)
        stored = [item.assessment.token for item in licenses if item.fate == "new"]
        trusted = [item.assessment for item in trust if item.fate == "new"]
        trusted = [token for token in trusted if token.token not in held]
        self._add_tokens(pasted, stored, [token.token for token in trusted])
        self._try(self._remember_all)
        self._note_seen()
        refused = [self._sentence(item.assessment) for item in licenses if item.fate == "refused"]
        refused += [self._sentence_of_trust(item.assessment) for item in trust if item.fate == "refused"]
        rest = [item.assessment.token for item in licenses + trust if item.fate == "refused"]
        return {
            "stored": len(stored),
            "known": _count(licenses, "known"),
            "refused": refused if licenses or trust else [self._sentence(self._ask(text))],
            "rest": "\n".join(filter(None, [*rest, *_held(trust, held)])),
            "trust": {
                "stored": [_described(token) for token in trusted],
                "known": _count(trust, "known"),
                "superseded": _count(trust, "superseded"),
            },
        }

    def _store_trust(self, text):
        """Store the certificates and lists of a text, and nothing else of it."""
        tokens = [item.assessment.token for item in self._find_trust(text) if item.fate == "new"]
        self._add_tokens(self._lock_tokens(TOKENS).split(), [], tokens)

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
        text = self._lock_tokens(TOKENS)
        found = self._ask(text).assessments
        going = [
            item for item in found if item.license and (item.license.iss, item.license.jti) == (issuer, jti)
        ]
        if going:
            # Somebody else may have written the parameter: wrapped, or with more than licenses.
            trust = [token.token for token in self._evaluate(None, texts=(text,)).trust]
            self._write_tokens(
                TOKENS, [*(item.token for item in found if item.token and item not in going), *trust]
            )
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

    def _find_trust(self, text):
        """Find the certificates and lists of a text, and judge them with those that count here.

        :rtype: list[Found]
        """
        own = self._evaluate(None, texts=(text,)).trust
        if not own:
            return []
        together = self._evaluate(None, texts=(text, self._trust_text())).trust
        judged = {token.token: token for token in together}
        known = {token.token for token in self._evaluate(None, texts=(self._read_facts().trust,)).trust}
        found = []
        for token in (judged[token.token] for token in own):
            found.append(Found(token, _fate(token, known)))
            known.add(token.token)
        return found

    def _add_tokens(self, pasted, licenses, trust):
        """Write down new tokens.

        :param pasted: the licenses that are stored
        :param licenses: those to be stored beside them
        :param trust: the certificates and lists to be stored
        :raise UserError: there is no room for so many
        """
        known = self._lock_tokens(TRUST_TOKENS)
        kept = [token.token for token in self._evaluate(None, texts=(known, *trust)).trust if _is_kept(token)]
        texts = ["\n".join([*pasted, *licenses]) if licenses else "", "\n".join(kept) if trust else ""]
        if not all(self._is_whole(text) for text in texts if text):
            raise UserError(_("There are too many licenses. Remove those that have ended, then try again."))
        if licenses:
            self._write_tokens(TOKENS, [*pasted, *licenses])
        if trust:
            self._write_tokens(TRUST_TOKENS, dict.fromkeys(kept))

    def _is_whole(self, text):
        """Whether a text is read: one that is too large is not, and counts as one token that breaks off."""
        report = self._evaluate(None, texts=(text,))
        return bool(report.trust) or any(item.token for item in report.assessments)

    def _lock_tokens(self, key):
        """Give a parameter as it is in the database, and make whoever else changes it wait."""
        self.env["ir.config_parameter"].flush_model(["key", "value"])
        self.env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s FOR UPDATE", [key])
        row = self.env.cr.fetchone()
        return row[0] if row else ""

    def _write_tokens(self, key, tokens):
        # Of two first pastes at once the second tries again; no failing statement logs a token.
        self.env.cr.execute(
            "INSERT INTO ir_config_parameter (key, value) VALUES (%s, '') ON CONFLICT (key) DO NOTHING", [key]
        )
        # An empty parameter is no parameter.
        self.env["ir.config_parameter"].sudo().set_param(key, "\n".join(tokens) or False)


def _fate(token, known):
    if token.token in known:
        return "known"
    if not token.ok:
        return "refused"
    return "new" if token.in_force else "superseded"


def _is_kept(token):
    """Whether a stored certificate or list is still worth it."""
    if token.kind == "key_certificate":
        # Without that of a withdrawn key nobody could tell that it was withdrawn.
        return token.ok or token.code in ("revoked", *LASTING)
    return token.in_force or token.code in LASTING


def _count(found, fate):
    return sum(item.fate == fate for item in found)


def _held(found, held):
    return [item.assessment.token for item in found if item.fate == "new" and item.assessment.token in held]


def _described(token):
    return {name: getattr(token, name) for name in ("kind", "issuer", "name", "seq")}
