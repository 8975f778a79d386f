"""A database with protected modules of all kinds, none of which has worked yet."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from odoo_lab import copy
from servers.installation import ADDONS, USER, Database
from servers.licenses import Licenses
from servers.small_modules import write_module
from servers.web import Session

NOTE, PHOTO, ALBUM = "aegis.demo.note", "lab.photo", "lab.album"
PROTECTED = ("aegis_demo", "lab_album", "lab_tickets")
ALBUM_CODE = """\
class Album(models.Model):
    _name = "lab.album"
    _description = "Album"

    name = fields.Char()
    photo_ids = fields.One2many("lab.photo", "album_id")


class Photo(models.Model):
    _name = "lab.photo"
    _description = "Photo"

    name = fields.Char()
    active = fields.Boolean(default=True)
    album_id = fields.Many2one("lab.album")
"""
DESK_CODE = """\
class Desk(models.Model):
    _name = "lab.desk"
    _description = "Desk"

    @api.model
    def take_note(self):
        return self.env["aegis.demo.note"].sudo().create({"name": "from the desk"}).id
"""
TICKETS_CODE = """\
class Ticket(models.Model):
    _name = "lab.ticket"
    _description = "Ticket"
    _inherit = ["mail.thread"]

    name = fields.Char()
"""
MAIL = """\
From: Joel Willis <joel@example.com>
To: {name}@example.com
Subject: The printer is on fire
Message-Id: <{number}@example.com>
Content-Type: text/plain

Please help.
"""


class Place:
    """A running server with protected modules, none of which ever worked.

    Attributes:
        database: its database.
        admin: an administrator.
        user: somebody else.
        log: what the server has logged.
        kept: a note, a photo and its album, as ids, made while there was a license.
    """

    def __init__(self, database: Database, url: str, log: Callable[[], str], licenses: Licenses) -> None:
        self.database = database
        self.admin = Session(url, database.name, "admin")
        self.user = Session(url, database.name, USER)
        self.log = log
        self.texts = {
            days: "\n".join(licenses.license(days, module=module) for module in PROTECTED)
            for days in (-3, 365)
        }
        self.put("valid")
        self.kept = {
            model: self.admin.call(model, "create", {"name": "kept"}) for model in (NOTE, PHOTO, ALBUM)
        }

    def put(self, status: str) -> None:
        """Give all protected modules a status: valid, missing or expired."""
        self.admin.put({"valid": self.texts[365], "expired": self.texts[-3], "missing": ""}[status])
        if status != "valid":
            self.database.stop_working()
            # The guard does not ask again for each record.
            time.sleep(1.2)

    def count(self, model: str) -> int:
        """Count the records of a model."""
        number: int = self.admin.call(model, "search_count", [])
        return number

    def cron(self, name: str, code: str) -> int:
        """Make a scheduled action."""
        values = {"name": name, "state": "code", "code": code, "interval_type": "days"}
        model = self.admin.ids("ir.model", model=NOTE)[0]
        if "numbercall" in self.admin.call("ir.cron", "fields_get", [], ["type"]):
            values["numbercall"] = "-1"
        made: int = self.admin.call("ir.cron", "create", {**values, "model_id": model})
        return made


def make_guarded(source: Database, name: str, licenses: Licenses, folder: Path) -> Database:
    """Copy a database that has Odoo's module for e-mails, and install the modules.

    Args:
        source: what to copy.
        name: of the copy.
        licenses: the vendor.
        folder: where the modules and a license file are written.
    """
    photo, ticket = {PHOTO: ["create", "write"]}, ["lab.ticket"]
    write_module(folder, "lab_album", code=ALBUM_CODE, models=[ALBUM, PHOTO], protects={"models": photo})
    write_module(folder, "lab_desk", "aegis_demo", code=DESK_CODE, models=["lab.desk"])
    write_module(folder, "lab_tickets", "mail", code=TICKETS_CODE, models=ticket, protects={"models": ticket})
    file = folder / "install.license"
    file.write_text("\n".join(licenses.license(module=module) for module in PROTECTED))
    database = dataclasses.replace(source, name=name, addons=(*ADDONS, folder))
    copy(source.cluster, source.name, name)
    done = database.run("-i", "lab_album,lab_desk,lab_tickets", env={"AEGIS_LICENSE_FILE": str(file)})
    assert done.returncode == 0, done.stdout[-2000:]
    database.stop_working()
    return database


def mail_to(name: str) -> str:
    """Write an e-mail that is like no other."""
    return MAIL.format(name=name, number=time.monotonic_ns())
