"""Real Odoo servers of the series 17, 18 and 19 on a private PostgreSQL, for trying things out and for tests.

    from odoo_lab import Cluster, Server, fresh, prepare

    odoo = prepare("19")
    with Cluster() as cluster:
        fresh(odoo, cluster, "mine")
        with Server(odoo, cluster, "mine") as server:
            ...  # the login page is at server.url

Everything is made on first use and kept in ``.cache/lab/``: Odoo 19 as Debian packages it (17, 18, and 19 if
so wished, come from the folders that AEGIS_ODOO_17, AEGIS_ODOO_18 and AEGIS_ODOO_19 name), Python
environments, databases to copy from. Only the PostgreSQL of root lies in /var/tmp: the server refuses to run
as root. What cannot be had raises ``Unavailable`` with a sentence that says what to do.

On the command line: ``python3 tools/odoo_lab --help``.
"""

from odoo_lab.cluster import Cluster
from odoo_lab.database import copy, discard, fresh, install, template
from odoo_lab.rpc import call
from odoo_lab.series import SERIES, Odoo, environment, prepare
from odoo_lab.server import Server, data_folder, free_port, run_odoo
from odoo_lab.workspace import CHECKOUT, LAB, Unavailable

__all__ = [
    "CHECKOUT",
    "LAB",
    "SERIES",
    "Cluster",
    "Odoo",
    "Server",
    "Unavailable",
    "call",
    "copy",
    "data_folder",
    "discard",
    "environment",
    "free_port",
    "fresh",
    "install",
    "prepare",
    "run_odoo",
    "template",
]
