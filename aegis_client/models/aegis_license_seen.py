"""The rows that tell which licenses were seen in this database. No decision depends on them."""

import json

from odoo import fields, models


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _note_seen(self):
        """Keep the rows up to date with what is stored and lies in files."""
        seen = self.browse()
        moving = self._moving()
        for origin, text in [
            *(("file", file.text) for file in self._files()),
            ("pasted", self._read_facts().pasted),
        ]:
            for assessment in self._ask(text).assessments:
                if assessment.license and (origin == "pasted" or self._concerns(assessment)):
                    seen |= self._try(self._note, assessment, origin, moving) or self.browse()
        gone = self.sudo().search([("id", "not in", seen.ids), ("origin", "!=", False)])
        gone.write({"code": "gone", "origin": False, "moving_since": False})

    def _note(self, assessment, origin, moving):
        license_ = assessment.license
        key = {"issuer": _printable(license_.iss), "jti": license_.jti}
        row = self.sudo().search([(name, "=", value) for name, value in key.items()], limit=1)
        now = fields.Datetime.now()
        since = moving.get((license_.iss, license_.jti))
        values = {
            "customer": _printable(license_.customer_name),
            "license_type": license_.license_type,
            "modules": ", ".join(module["technical_name"] for module in license_.modules),
            "ends_at": license_.exp is not None and self._datetime(license_.exp),
            "origin": origin,
            "code": assessment.code,
            "last_seen": now,
            "moving_since": assessment.code == "moving" and (self._datetime(since) if since else now),
        }
        if license_.bound_to and _has_passed(assessment, "wrong_instance"):
            values["last_match"] = now
        if row:
            row.write(values)
            return row
        return row.create({**key, **values, "first_seen": now})

    def _moving(self):
        """Give since when this instance is no longer the one of each license that moves, in Unix seconds.

        :return: by issuer and id of the license
        :rtype: dict[tuple[str, str], int]
        """
        facts = self._read_facts()
        remembered = json.loads(facts.state.to_json()) if facts.state else {}
        return {
            (issuer, jti): license_["moving"][facts.database_uuid]
            for issuer, licenses in remembered.get("licenses", {}).items()
            for jti, license_ in licenses.items()
            if facts.database_uuid in license_.get("moving", {})
        }


def _printable(text):
    """Take out what the database cannot hold, and what is not to be seen."""
    return "".join(letter for letter in text if letter.isprintable())


def _has_passed(assessment, code):
    return any(check.code == code and check.result == "passed" for check in assessment.checks)
