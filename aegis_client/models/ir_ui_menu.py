from odoo import models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def load_menus(self, debug):
        """Leave out what protected modules have listed, while their licenses do not work.

        Odoo keeps what it finds out itself in a cache; this is past that, because time alone changes it.
        """
        menus = super().load_menus(debug)
        listed = self.env["aegis.license"]._hidden_menus()
        return _without(menus, listed) if listed else menus


def _without(menus, hidden):
    """Copy menus without hidden ones and what is below them."""
    gone, found = set(), {key for key, menu in menus.items() if menu.get("id") in hidden}
    while found:
        gone |= found
        found = {child for key in found for child in menus[key]["children"] if child in menus} - gone
    return {
        key: {**menu, "children": [child for child in menu["children"] if child not in gone]}
        for key, menu in menus.items()
        if key not in gone
    }
