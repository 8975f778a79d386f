"""Clocks that are wrong: what a database keeps of them, and what the addon does while it goes by one.

The engine reads the clock of the kernel, which no library in between can move; so it is told what time it is.
"""

import time

from servers.installation import Database
from servers.statuses import look_again
from servers.web import Session

LOOK = """
from odoo.addons.aegis_client import state_table
licenses = env["aegis.license"]
report = licenses._evaluate({module!r}, now={now})
state_table.write(env.cr, report.state.to_json())
licenses._remember_with_transaction(licenses._read_facts(), {module!r}, report)
env.cr.commit()
print("ANSWER", report.code)
"""


def let_dates_be_ahead(database: Database, admin: Session, days: float) -> None:
    """Have a row that Odoo has written so many days from now, as by a clock that was wrong."""
    date = "now() at time zone 'UTC' + %s * interval '1 day'"
    row = "id = (SELECT min(id) FROM ir_cron)"
    database.query(f"UPDATE ir_cron SET write_date = {date} WHERE {row}", days)  # noqa: S608
    look_again(admin)


def look_ahead(database: Database, days: int, module: str = "aegis_demo") -> str:
    """Have Odoo look at a module so many days from now, remember what it finds, and give the status."""
    said = database.execute(LOOK.format(module=module, now=int(time.time()) + days * 86400))
    return said.split("ANSWER ", 1)[1].split()[0]
