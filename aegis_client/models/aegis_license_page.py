"""What the settings page shows, as plain values for its templates."""

import time

from markupsafe import Markup

from odoo import _, models, release

from .. import engine

STEPS = 8
"""How many coming changes of one module are shown at most."""

COLORS = {
    **dict.fromkeys(["valid"], "success"),
    **dict.fromkeys(["expiring", "grace", "moving", "not_yet_valid"], "warning"),
}
"""Bootstrap's name of the color of a code; ``danger`` for all others. The words stand beside it."""


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _render_overview(self):
        """Render what is stored and where it leads.

        :rtype: markupsafe.Markup
        """
        return self._render("aegis_client.settings_overview", self._overview())

    def _render_preview(self, text):
        """Render what a pasted text is, before it is stored.

        :rtype: markupsafe.Markup
        """
        if not (text or "").strip():
            return Markup()
        problem = engine.problem()
        found = [] if problem else self._find(text, self._read_facts().pasted.split())
        empty = "" if found else self._sentence(problem or self._ask(text))
        fates = {
            "new": _("will be stored"),
            "known": _("is stored already"),
            "refused": _("will not be stored"),
        }
        cards = [dict(self._card(item.assessment), fate=fates[item.fate]) for item in found]
        return self._render("aegis_client.settings_preview", {"cards": cards, "empty": empty})

    def _render(self, template, values):
        return Markup(self.env["ir.qweb"]._render(template, values))  # noqa: S704 - escaped by the template

    def _overview(self):
        from_file = _("License file %s")
        sources = [(_("Pasted"), self._read_facts().pasted, True)]
        sources += [(from_file % file.path, file.text, False) for file in self._files()]
        return {
            "engine": self._engine(),
            "modules": [self._module_row(module) for module in self._facts().declarations],
            "cards": [card for source in sources for card in self._cards(*source)],
            "changes": self._changes(),
            "keys": self._keys(),
            "problems": self._problems(),
        }

    def _engine(self):
        problem = engine.problem()
        return {"problem": problem and self._sentence(problem)}

    def _problems(self):
        """What is wrong on the server, or may become so, for people."""
        unread, too_many = (
            _("The license file %(path)s cannot be read: %(problem)s."),
            _("it has too many licenses"),
        )
        problems = []
        for file in self._files():
            if file.problem:
                problems.append(unread % file._asdict())
            elif not engine.problem() and not self._ask(file.text).assessments:
                problems.append(unread % {"path": file.path, "problem": too_many})
        if not self._facts().frozen and self._is_bound():
            problems.append(
                _(
                    "A license is bound to this address, and Odoo changes it when an administrator logs in by"
                    " another one. Set the system parameter web.base.url.freeze to True to keep it."
                )
            )
        return problems

    def _is_bound(self):
        """Whether a license is bound to this instance."""
        licenses = [item.license for item in self._evaluate(None).assessments if item.ok]
        return any(license_.instance_fingerprint for license_ in licenses)

    def _module_row(self, module):
        report = self._evaluate(module)
        message, remedy = self._words(report, module)
        return {
            "name": module,
            "title": self._module_title(module),
            "message": message,
            "remedy": remedy,
            "staging": report.ok and "staging" in report.flags,
            **self._badge(report.code),
            **({"color": "warning"} if "counting_down" in report.flags else {}),
        }

    def _cards(self, origin, text, is_pasted):
        """Describe the licenses of one source. Databases may share a file: of that what concerns this one."""
        for assessment in self._ask(text).assessments:
            if is_pasted or self._concerns(assessment):
                card = self._card(assessment)
                if self._facts().declarations:
                    # It stands beside the modules already.
                    card["remedy"] = ""
                yield dict(card, origin=origin, removable=is_pasted and bool(assessment.license))

    def _concerns(self, assessment):
        license_ = assessment.license
        if not license_ or assessment.code == "wrong_instance":
            return False
        return any(self._covered(module)["installed"] for module in license_.modules)

    def _card(self, assessment):
        message, remedy = self._words(assessment)
        card = {"message": message, "remedy": remedy, "license": False, **self._badge(assessment.code)}
        if assessment.license:
            card.update(self._details(assessment.license))
        card["staging"] = assessment.ok and "staging" in assessment.flags
        return card

    def _details(self, license_):
        types = dict(self._fields["license_type"]._description_selection(self.env))
        return {
            "license": True,
            "issuer": license_.iss,
            "jti": license_.jti,
            "customer": license_.customer_name,
            "type": types[license_.license_type],
            "modules": [self._covered(module) for module in license_.modules],
            "bound": bool(license_.instance_fingerprint),
            "updates": self._last_day(license_.updates_until),
            "limits": self._limits(license_.limits),
        }

    def _covered(self, module):
        """Describe a covered module, or a pattern of modules, and what of it is installed here."""
        name = module["technical_name"]
        versions = ", ".join(module["allowed_major_versions"])
        features = ", ".join(module["features"] or [])
        return {
            "name": name,
            "versions": versions,
            "features": features,
            "installed": any(engine.covers(name, installed) for installed in self._facts().installed),
        }

    def _limits(self, limits):
        labels = {"users": _("%s users"), "companies": _("%s companies")}
        return ", ".join(labels[name] % number for name, number in sorted(limits.items()) if name in labels)

    def _badge(self, code):
        labels = dict(self._fields["code"]._description_selection(self.env))
        return {"code": code, "label": labels.get(code, code), "color": COLORS.get(code, "danger")}

    def _changes(self):
        """What will happen, and when, by time alone: for each protected module, else for each license."""
        modules = list(self._facts().declarations)
        if engine.problem():
            return []
        changes = [change for module in modules for change in self._changes_of(module)]
        if not modules:
            changes = list(self._changes_of(None))
        return sorted(changes, key=lambda change: change["at"])

    def _changes_of(self, module):
        present = int(time.time())
        report = self._evaluate(module, present=present)
        title = self._module_title(module) if module else ""
        for _step in range(STEPS):
            at = report.next_change
            if at is None:
                break
            was_counting_down = "counting_down" in report.flags
            report = self._evaluate(module, now=at, present=present)
            effect = self._effect(report.code)
            if was_counting_down and not report.ok:
                effect["effect"] = _("The count-down is over: nothing new can be made with the module.")
            yield {
                "at": at,
                "day": self._day(at),
                "in": self._in_time(at),
                "title": title,
                **effect,
            }

    def _effect(self, code):
        effects = {
            "valid": _("The license becomes valid."),
            "expiring": _("Administrators are reminded of the renewal."),
            "grace": _("The license has ended; the grace period begins."),
            "expired": _("The license has ended and no longer works."),
        }
        badge = self._badge(code)
        return {**badge, "effect": effects.get(code, badge["label"])}

    def _keys(self):
        """The keys that the engine trusts."""
        if engine.problem():
            return []
        keyring = self._keyring() or engine.aegis_license.embedded_keyring()
        everything, scope = _("all modules"), _("for %s")
        return [
            {
                "kid": key["kid"],
                "issuer": key["issuer"],
                "scope": scope % ", ".join(key["modules"] or [everything]),
            }
            for key in keyring.keys
        ]

    def _fingerprint(self):
        """Give the fingerprint of this instance, that a license can be bound to; empty when there is none."""
        instance = self._read_facts().instance
        return instance.fingerprint if instance else ""

    def _activation_text(self):
        """Give what a vendor needs to bind a license to this instance, in one line."""
        facts = self._read_facts()
        values = (facts.database_uuid, facts.domain, release.major_version)
        return "aegis-activation database_uuid=%s domain=%s odoo=%s" % values
