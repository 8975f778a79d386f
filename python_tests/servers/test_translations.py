"""The translations: the template has every term of the addon and no other, and the French has them all."""

import json

from odoo_lab import CHECKOUT
from servers.installation import Installation

FOLDER = CHECKOUT / "aegis_client" / "i18n"
#: Prints the terms that Odoo finds in the addon, then those of the files.
SCRIPT = """
import inspect, io, json, polib
from odoo.tools.translate import trans_export
buffer = io.BytesIO()
known = {{"cr": env.cr, "env": env}}
last = next(name for name in inspect.signature(trans_export).parameters if name in known)
trans_export(False, ["aegis_client"], buffer, "po", **{{last: known[last]}})
terms = [[entry.msgid for entry in polib.pofile(buffer.getvalue().decode())]]
terms += [[entry.msgid for entry in polib.pofile(path) if {condition}] for path in {paths}]
print("ANSWER", json.dumps(terms))
"""


def test_every_term_is_in_the_template_and_in_french(installation: Installation) -> None:
    """Odoo's own words for the columns that it adds differ from series to series, and are not ours."""
    paths = [str(FOLDER / name) for name in ("aegis_client.pot", "fr.po")]
    script = SCRIPT.format(paths=paths, condition="entry.msgstr or path.endswith('.pot')")
    said = installation.database("terms").execute(script)
    found, template, french = map(set, json.loads(said.split("ANSWER ", 1)[1].splitlines()[0]))
    added = {"Created by", "Created on", "Display Name", "ID", "Last Updated by", "Last Updated on", "Odoo"}
    assert found - added == template - added
    assert template == french
