"""Whom this server trusts, on the settings page: keys, certificates of keys, lists of what was withdrawn."""

from odoo import _, models

from .. import engine


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _trusted(self):
        """Give the keys of the wheel, and what is stored beside them; what is superseded is left out.

        :rtype: dict[str, list]
        """
        if engine.problem():
            return {"keys": [], "certificates": [], "lists": []}
        tokens = [token for token in self._evaluate(None).trust if token.ok]
        return {
            "keys": self._keys(),
            "certificates": [self._trust_row(token) for token in tokens if token.kind == "key_certificate"],
            "lists": [
                self._trust_row(token)
                for token in tokens
                if token.kind == "revocation_list" and token.in_force
            ],
        }

    def _keys(self):
        """The keys that the engine trusts."""
        keyring = self._keyring() or engine.aegis_license.embedded_keyring()
        return [
            {
                "kid": key["kid"],
                "issuer": key["issuer"],
                "signs": self._signs(key["use"], key["modules"]),
                "window": self._window(key["not_before"], key["not_after"]),
            }
            for key in keyring.keys
        ]

    def _trust_row(self, token):
        """Describe a certificate or a list, good or refused."""
        message, remedy = self._words_of_trust(token)
        row = {"message": message, "remedy": remedy, "issuer": token.issuer, **self._badge(token.code)}
        if token.kind == "key_certificate":
            row["title"] = _("Certificate of a key")
            row.update(self._certificate(token) if token.ok else {})
        else:
            row["title"] = _("List of withdrawn licenses")
            row.update(self._list(token) if token.ok else {})
        return row

    def _certificate(self, token):
        return {
            "name": token.name,
            "kid": token.kid,
            "signs": self._signs(token.use, token.modules),
            "window": self._window(token.not_before, token.not_after),
        }

    def _list(self, token):
        number = _("number %(seq)s of %(day)s", seq=token.seq, day=self._day(token.iat))
        withdrawn = [_("licenses: %s", token.count)]
        if token.revoked_keys:
            withdrawn.append(_("keys: %s", ", ".join(token.revoked_keys)))
        return {"name": number, "withdrawn": ", ".join(withdrawn), "seq": token.seq}

    def _signs(self, uses, modules):
        """Say what a key may sign, and for which modules."""
        labels = {
            "license": _("licenses"),
            "revocation": _("lists of what is withdrawn"),
            "certify": _("further keys"),
        }
        everything = _("all modules")
        uses = ", ".join(labels.get(use, use) for use in uses)
        return _("signs %(uses)s for %(modules)s", uses=uses, modules=", ".join(modules or [everything]))

    def _window(self, begin, end):
        """Say when the key may sign; empty when it always may."""
        if begin is None and end is None:
            return ""
        dates = {"begin": self._day(begin), "end": self._last_day(end)}
        if end is None:
            return _("from %(begin)s on", **dates)
        if begin is None:
            return _("until %(end)s", **dates)
        return _("from %(begin)s until %(end)s", **dates)

    def _sentence_of_trust(self, token):
        """Say how a certificate or a list stands, and what to do: one or two sentences."""
        title = self._trust_row(token)["title"]
        return "%s: %s" % (title, " ".join(filter(None, self._words_of_trust(token))))

    def _words_of_trust(self, token):
        """Say how a certificate or a list stands.

        :return: ``(message, remedy)``; both empty for a good one
        """
        if token.ok:
            return "", ""
        again = _("Copy it again from the vendor's message, the whole of it.")
        update = _("Check that it comes from your vendor, and update the Python package aegis-license.")
        words = {
            "malformed": (_("It cannot be read: it is not complete."), again),
            "unsupported": (_("The installed version cannot read it."), update),
            "unknown_key": (_("It was signed with a key that is not trusted here for this."), update),
            "bad_signature": (_("It was changed, or damaged in copying."), again),
            "wrong_issuer": (_("It speaks in the name of another issuer."), _("Ask the vendor for one.")),
            "wrong_module": (
                _("It is for modules that its issuer may not license."),
                _("Ask the vendor for one."),
            ),
            "revoked": (_("The vendor has withdrawn the key."), _("Ask the vendor for a new one.")),
        }
        return words.get(token.code, (token.message, token.remedy))

    def _stopping(self, text):
        """Give the new lists of a text, if storing them would stop what works now.

        :return: ``(tokens, rows)``: the lists, and what they would stop
        """
        if engine.problem():
            return [], []
        rows = [self._stop_row(change) for change in self._preview(text) if _is_worse(change)]
        stops = any(not row["ok"] for row in rows)
        lists = [
            found.token
            for found, fate in self._find_trust(text)
            if fate == "new" and found.kind == "revocation_list"
        ]
        return (lists if stops else []), rows

    def _stop_row(self, change):
        if change.get("module"):
            title = self._module_title(change["module"])
        else:
            modules = ", ".join(change["modules"])
            title = _("License of %(customer)s for %(modules)s", customer=change["customer"], modules=modules)
        before = self._badge(change["before"])["label"]
        return {"title": title, "before": before, "ok": change["after_ok"], **self._badge(change["after"])}


def _is_worse(change):
    """Whether what works would not, or for some time only."""
    if not change["before_ok"]:
        return False
    return not change["after_ok"] or change["after"] == "grace" != change["before"]
