from odoo import fields, models

from odoo.addons.aegis_client.licensed import licensed


class AegisDemoNote(models.Model):
    _name = "aegis.demo.note"
    _description = "Note"

    name = fields.Char(required=True)
    text = fields.Text()
    summary = fields.Char(readonly=True)

    @licensed("aegis_demo")
    def action_summarize(self):
        """Write the number of words into the summary: the part of this module that is sold."""
        for note in self:
            note.summary = "%d" % len((note.text or "").split())
