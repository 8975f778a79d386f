"""What the settings page shows, as plain values for its templates."""

from markupsafe import Markup

from odoo import _, models

from .. import engine
from .aegis_license_facts import DOMAIN

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
        trust = [] if problem else self._find_trust(text)
        asked, stops = self._stopping(text)
        values = {
            "cards": [dict(self._card(item.assessment), fate=self._fate(item.fate)) for item in found],
            "trust": [
                dict(
                    self._trust_row(token),
                    fate=self._fate("asked" if fate == "new" and token.token in asked else fate),
                )
                for token, fate in trust
            ],
            "stops": stops,
            "asked": bool(asked),
            "empty": "" if found or trust else self._sentence(problem or self._ask(text)),
        }
        return self._render("aegis_client.settings_preview", values)

    def _fate(self, fate):
        return {
            "new": _("will be stored"),
            "asked": _("will be stored only if you say so"),
            "known": _("is stored already"),
            "refused": _("will not be stored"),
            "superseded": _("is not needed: a newer one is stored"),
        }[fate]

    def _render(self, template, values):
        return Markup(self.env["ir.qweb"]._render(template, values))  # noqa: S704 - escaped by the template

    def _overview(self):
        from_file = _("License file %s")
        sources = [(_("Pasted"), self._read_facts().pasted, True)]
        sources += [(from_file % file.path, file.text, False) for file in self._files()]
        modules = [self._module_row(module) for module in self._facts().declarations]
        return {
            "engine": self._engine(),
            "modules": modules,
            "cards": [
                _without_what_is_said(card, modules) for source in sources for card in self._cards(*source)
            ],
            "days": [] if engine.problem() else self._days(),
            "problems": self._problems(),
            **self._trusted(),
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
            elif not engine.problem() and not self._is_whole(file.text):
                problems.append(unread % {"path": file.path, "problem": too_many})
        if any("clock_suspect" in item.flags for item in self._evaluate(None).assessments):
            problems.append(self._note_of_clock())
        if not self._facts().frozen and not self._parameters()[DOMAIN] and self._is_bound_to_address():
            problems.append(
                _(
                    "A license is bound to this address, and Odoo changes it when an administrator logs in by"
                    " another one. Write it into the field Address below to keep it, or set the system"
                    " parameter web.base.url.freeze to True."
                )
            )
        return problems

    def _is_bound_to_address(self):
        licenses = [item.license for item in self._evaluate(None).assessments if item.ok]
        return any("domain" in license_.bound_to for license_ in licenses)

    def _module_row(self, module):
        report = self._evaluate_with_usage(module)
        message, remedy = self._words(report, module)
        return {
            "name": module,
            "title": self._module_title(module),
            "message": message,
            "remedy": remedy,
            "note": self._note_of_limits(report, report.limits),
            **self._status(report),
        }

    def _cards(self, origin, text, is_pasted):
        """Describe the licenses of one source. Databases may share a file: of that what concerns this one."""
        for assessment in self._ask(text).assessments:
            if is_pasted or self._concerns(assessment):
                card = self._card(assessment)
                yield dict(card, origin=origin, removable=is_pasted and bool(assessment.license))

    def _concerns(self, assessment):
        license_ = assessment.license
        if not license_ or assessment.code == "wrong_instance":
            return False
        return any(self._covered(module)["installed"] for module in license_.modules)

    def _card(self, assessment):
        message, remedy = self._words(assessment)
        card = {"message": message, "remedy": remedy, "license": False, **self._status(assessment)}
        if assessment.license:
            card.update(self._details(assessment.license))
            card["note"] = self._note_of_limits(assessment, assessment.license.limits)
        return {**card, "since": self._moving_since(assessment)}

    def _status(self, report):
        """Give the badges of a report or an assessment, and the color of the whole."""
        badge = self._badge(report.code)
        color = "warning" if report.ok and "counting_down" in report.flags else badge["color"]
        return {**badge, "color": color, "marks": self._marks(report)}

    def _marks(self, report):
        """Give the flags of a report or an assessment, as further badges."""
        marks = {
            "clock_suspect": {"label": _("Clock in doubt"), "color": "warning"},
            "staging": {"label": _("Staging copy"), "color": "info"},
            "over_limit": {"label": _("More than licensed"), "color": "warning"},
            "counting_down": {"label": _("Counting down"), "color": "warning"},
        }
        return [marks[flag] for flag in report.flags if flag in marks and (report.ok or flag != "staging")]

    def _moving_since(self, assessment):
        license_ = assessment.license
        moving = assessment.code == "moving"
        return self._day(self._moving().get((license_.iss, license_.jti))) if moving else ""

    def _details(self, license_):
        types = dict(self._fields["license_type"]._description_selection(self.env))
        return {
            "license": True,
            "issuer": license_.iss,
            "jti": license_.jti,
            "customer": license_.customer_name,
            "type": types[license_.license_type],
            "modules": [self._covered(module) for module in license_.modules],
            "bound": bool(license_.bound_to),
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

    def _fingerprint(self):
        """Give the fingerprint of this instance, that a license can be bound to; empty when there is none."""
        instance = self._read_facts().instance
        return instance.fingerprint if instance else ""

    def _activation_request(self):
        """Give what a vendor needs to bind a license to this instance; empty when that is not known.

        It names nothing in clear: the components are salted and hashed.
        """
        instance = self._read_facts().instance
        return engine.aegis_license.activation_request(instance) if instance else ""


def _without_what_is_said(card, modules):
    """Leave out what stands beside the modules already."""
    return {
        **card,
        "remedy": card["remedy"] if card["remedy"] not in {row["remedy"] for row in modules} else "",
        "note": card.get("note") if card.get("note") not in {row["note"] for row in modules} else "",
    }
