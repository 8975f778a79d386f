"""How the licenses of a database stand, asked over RPC; and what time would do to what it remembers."""

import json
import time
from typing import Any, NamedTuple

from servers.installation import Database
from servers.trust import claims_of
from servers.web import Session

DEMO, NOTE = "aegis_demo", "aegis.demo.note"
ASK = """
report = env["aegis.license"].check({module!r}, {feature!r})
licenses = [item for item in report.assessments if item.license]
action = {{
    "type": "ir.actions.act_window_close",
    "infos": {{
        "code": report.code,
        "ok": report.ok,
        "flags": report.flags,
        "changed": report.changed,
        "next_change": report.next_change,
        "licenses": {{item.license.jti: item.code for item in licenses}},
    }},
}}
"""


class Status(NamedTuple):
    """What ``check`` says of a module.

    Attributes:
        code: the status.
        ok: whether the module works.
        flags: what is said beside the code.
        changed: the components that no longer match.
        next_change: when the answer changes, in Unix seconds, if it ever does.
        licenses: the status of each license by itself, by its ``jti``.
    """

    code: str
    ok: bool
    flags: list[str]
    changed: list[str]
    next_change: int | None
    licenses: dict[str, str]


def status_of(admin: Session, module: str = DEMO, feature: str | None = None) -> Status:
    """Ask ``check``, which is not for RPC, in a server action, as a vendor's code would."""
    code = ASK.format(module=module, feature=feature)
    model = admin.ids("ir.model", model="res.partner")[0]
    values = {"name": "ask", "state": "code", "model_id": model, "code": code}
    action = admin.call("ir.actions.server", "create", values)
    said: dict[str, Any] = admin.call("ir.actions.server", "run", [action])["infos"]
    return Status(**said)


def take_note(admin: Session) -> int:
    """Make a record of the protected module."""
    note: int = admin.call(NOTE, "create", {"name": "new"})
    return note


def remembered(database: Database) -> dict[str, Any]:
    """Read what is remembered of licenses, keys and clocks."""
    state: dict[str, Any] = json.loads(database.query("SELECT state FROM aegis_state")[0][0])
    return state


def remembered_of(database: Database, token: str) -> dict[str, Any]:
    """Read what is remembered of one license."""
    issuer, jti = (claims_of(token)[name] for name in ("iss", "jti"))
    known: dict[str, Any] = remembered(database)["licenses"][issuer][jti]
    return known


def remember(database: Database, admin: Session, state: dict[str, Any]) -> None:
    """Put something in place of what is remembered, and have the server see it."""
    database.query("UPDATE aegis_state SET state = %s", json.dumps(state))
    look_again(admin)


def let_pass(database: Database, admin: Session, days: float) -> None:
    """Let what is remembered be so many days older."""
    remember(database, admin, _older(remembered(database), int(days * 86400)))


def begin_anew(database: Database, admin: Session) -> None:
    """Have no license, certificate or list, nothing remembered, and a protected module that never worked."""
    for key in ("aegis.license_tokens", "aegis.trust_tokens"):
        admin.set(key, False)
    database.stop_working()
    remember(database, admin, {})
    # The guard does not ask again for each record.
    time.sleep(1.1)


def look_again(admin: Session) -> None:
    """Have the server forget what it has read, as after a change of any parameter."""
    admin.set("lab.moment", str(time.monotonic_ns()))


def _older(value: Any, seconds: int) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _older(item, seconds) for name, item in value.items()}
    return value - seconds if isinstance(value, int) else value
