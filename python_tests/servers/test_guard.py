"""Without a license nothing new is made, whichever way it is tried; all the rest goes on."""

import functools
import re
from collections.abc import Iterator

import pytest
from servers.crons import let_run
from servers.guarded import ALBUM, NOTE, PHOTO, Place, mail_to, make_guarded
from servers.installation import Database
from servers.licenses import Licenses

REFUSALS = {"missing": "There is no license for this module", "expired": "Ended on"}
NEW = {"name": "new"}
MARK = "env['ir.config_parameter'].set_param('lab.ran', 'yes')"
PROGRESS = "env['ir.cron']._notify_progress(done=1, remaining=5)"
SCHEDULED = "SELECT active, nextcall > now() at time zone 'UTC' FROM ir_cron WHERE id = %s"


@pytest.fixture(scope="module")
def place(
    with_mail: Database,
    licenses: Licenses,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """Give a running server whose scheduled actions run."""
    name = with_mail.name.replace("mail", "guard")
    database = make_guarded(with_mail, name, licenses, tmp_path_factory.mktemp("addons"))
    with database.server("--max-cron-threads=1") as server:
        yield Place(database, server.url, server.log.read_text, licenses)


@pytest.fixture(params=REFUSALS)
def refusal(request: pytest.FixtureRequest, place: Place) -> str:
    """Let no license work, and give what a refusal says."""
    status: str = request.param
    place.put(status)
    return REFUSALS[status]


def over_rpc(place: Place) -> object:
    """Create a record."""
    return place.admin.call(NOTE, "create", [NEW])


def as_a_user(place: Place) -> object:
    """Create one as somebody who is no administrator."""
    return place.user.call(NOTE, "create", [NEW])


def with_a_forged_context(place: Place) -> object:
    """Create one as if an e-mail had come in, or modules were being loaded."""
    forged = dict.fromkeys(
        ("aegis_incoming_mail", "incoming_mail", "install_mode", "mail_create_nolog"), True
    )
    return place.admin.call(NOTE, "create", [NEW], context=forged)


def on_the_form(place: Place) -> object:
    """Save a new record in the web client."""
    return place.admin.call(NOTE, "web_save", [], NEW, specification={"name": {}})


def as_a_copy(place: Place) -> object:
    """Duplicate."""
    return place.admin.call(NOTE, "copy", [place.kept[NOTE]])


def by_name(place: Place) -> object:
    """Create from a many2one field."""
    return place.admin.call(NOTE, "name_create", "new")


def below_a_new_parent(place: Place) -> object:
    """Create lines with a record that is not guarded."""
    return place.admin.call(ALBUM, "create", [{"name": "new", "photo_ids": [[0, 0, NEW]]}])


def below_a_known_parent(place: Place) -> object:
    """Create lines of one that is there."""
    return place.admin.call(ALBUM, "write", [place.kept[ALBUM]], {"photo_ids": [[0, 0, NEW]]})


def by_a_server_action(place: Place) -> object:
    """Run code with all rights."""
    model = place.admin.ids("ir.model", model=NOTE)[0]
    code = f"env[{NOTE!r}].sudo().create({NEW!r})"
    values = {"name": "Take a note", "model_id": model, "state": "code", "code": code}
    return place.admin.call(
        "ir.actions.server", "run", place.admin.call("ir.actions.server", "create", [values])
    )


def by_another_module(place: Place) -> object:
    """Have a module without protection do it."""
    return place.user.call("lab.desk", "take_note")


def by_writing(place: Place) -> object:
    """Change what is guarded against that."""
    return place.admin.call(PHOTO, "write", [place.kept[PHOTO]], {"name": "changed", "active": True})


WAYS = [
    *(over_rpc, as_a_user, with_a_forged_context, on_the_form, as_a_copy, by_name),
    *(below_a_new_parent, below_a_known_parent, by_a_server_action, by_another_module, by_writing),
]


def test_each_way_is_refused(place: Place, refusal: str) -> None:
    """And leaves nothing."""
    before = [place.count(model) for model in (NOTE, PHOTO, ALBUM)]
    for way in WAYS:
        with pytest.raises(RuntimeError, match=refusal):
            way(place)
    assert [place.count(model) for model in (NOTE, PHOTO, ALBUM)] == before
    assert place.admin.call(PHOTO, "read", [place.kept[PHOTO]], ["name"])[0]["name"] == "kept"


def test_each_way_works_with_a_license(place: Place) -> None:
    """Or the test above would prove nothing."""
    place.put("valid")
    before = place.count(NOTE), place.count(PHOTO), place.count(ALBUM)
    for way in WAYS:
        way(place)
    assert (place.count(NOTE), place.count(PHOTO), place.count(ALBUM)) == (
        before[0] + 8,
        before[1] + 2,
        before[2] + 1,
    )
    assert place.admin.call(PHOTO, "read", [place.kept[PHOTO]], ["name"])[0]["name"] == "changed"
    place.admin.call(PHOTO, "write", [place.kept[PHOTO]], {"name": "kept"})


def test_an_import_is_refused(place: Place, refusal: str) -> None:
    """The import says why for its rows, and nothing is imported."""
    before = place.count(NOTE)
    values = {"res_model": NOTE, "file": "name\nfirst\nsecond\n", "file_type": "text/csv"}
    wizard = place.admin.call("base_import.import", "create", [values])
    options = {"quoting": '"', "separator": ",", "has_headers": True}
    said = [
        place.admin.call(NOTE, "load", ["name"], [["first"], ["second"]]),
        place.admin.call("base_import.import", "execute_import", wizard, ["name"], ["name"], options),
    ]
    for result in said:
        assert not result["ids"]
        assert refusal in result["messages"][0]["message"]
        assert not result["messages"][0]["message"].startswith("(")
    assert place.count(NOTE) == before
    place.put("valid")
    place.admin.call("base_import.import", "execute_import", wizard, ["name"], ["name"], options)
    assert place.count(NOTE) == before + 2


def test_all_but_creating_goes_on(place: Place, refusal: str) -> None:
    """Reading, exporting, changing, archiving, deleting, printing a list."""
    kept = [place.kept[NOTE]]
    assert place.user.call(NOTE, "read", kept, ["name"])[0]["name"] == "kept"
    assert place.user.call(NOTE, "search_read", [["id", "in", kept]], ["name"])
    assert place.admin.call(NOTE, "export_data", kept, ["name"])["datas"] == [["kept"]]
    place.user.call(NOTE, "write", kept, {"text": "changed"})
    place.admin.call(PHOTO, "write", [place.kept[PHOTO]], {"active": False})
    place.admin.call(PHOTO, "write", [place.kept[PHOTO]], {"active": True})
    assert place.user.call(ALBUM, "create", [{"name": "without photos"}])
    place.put("valid")
    going = [place.admin.call(model, "create", {"name": "going"}) for model in (NOTE, PHOTO)]
    place.put("missing" if "no license" in refusal else "expired")
    for model, row in zip((NOTE, PHOTO), going, strict=True):
        assert place.user.call(model, "unlink", [row])


def test_a_refusal_does_not_break_a_scheduled_action(place: Place, licenses: Licenses) -> None:
    """It is undone, told once, counted as done, and tried again; with a license it does its work."""
    place.put("missing")
    create = f"env[{NOTE!r}].create({NEW!r})"
    cron = place.cron("Take a note at night", f"{MARK}\n{create}")
    ran = functools.partial(place.database.parameter, "lab.ran")
    before, already = place.count(NOTE), len(place.log())
    for _ in range(3):
        let_run(place.database, cron)
    assert ran() is None
    assert place.count(NOTE) == before
    said = place.log()[already:]
    lines = [line for line in said.splitlines() if "was skipped" in line]
    assert len(lines) == 1
    assert re.search(r"Take a note at night.* was skipped\. .*There is no license for this module", lines[0])
    assert "Traceback" not in said
    assert " ERROR " not in said
    assert place.database.query(SCHEDULED, cron) == [(True, True)]
    if place.database.odoo.number != "17":
        failures = "SELECT failure_count, first_failure_date FROM ir_cron WHERE id = %s"
        assert place.database.query(failures, cron) == [(0, None)]
    place.database.execute(f"env['aegis.license'].store({licenses.license()!r})\nenv.cr.commit()")
    let_run(place.database, cron)
    assert ran() == "yes"
    assert place.count(NOTE) == before + 1
    # It is told again when it stops again, and to who runs it by hand.
    place.put("missing")
    with pytest.raises(RuntimeError, match=REFUSALS["missing"]):
        place.admin.call("ir.cron", "method_direct_trigger", [cron])
    let_run(place.database, cron)
    assert place.log()[already:].count("was skipped") == 2


def test_a_scheduled_action_that_says_how_much_is_left(place: Place) -> None:
    """Odoo 18 and later start such a one again at once; not if it is refused. What it committed stays."""
    place.put("missing")
    asks = place.database.odoo.number != "17"
    before = place.count(NOTE)
    first = [MARK.replace("ran", "begun"), *([PROGRESS] if asks else []), "env.cr.commit()"]
    cron = place.cron("Take several notes", "\n".join([*first, f"env[{NOTE!r}].create({NEW!r})"]))
    let_run(place.database, cron)
    assert place.database.parameter("lab.begun") == "yes"
    assert place.count(NOTE) == before
    assert place.database.query(SCHEDULED, cron) == [(True, True)]
    if asks:
        runs = "SELECT done, remaining FROM ir_cron_progress WHERE cron_id = %s"
        assert place.database.query(runs, cron) == [(1, 0)]


def test_incoming_mail_is_let_in(place: Place, refusal: str) -> None:
    """As a record, because it would be lost; what comes in otherwise is refused."""
    admin = place.admin
    if not admin.ids("mail.alias", alias_name="tickets"):
        domain = admin.call("mail.alias.domain", "create", {"name": "example.com"})
        model = admin.ids("ir.model", model="lab.ticket")[0]
        alias = {"alias_name": "tickets", "alias_domain_id": domain, "alias_model_id": model}
        admin.call("mail.alias", "create", [alias])
    before = place.count("lab.ticket")
    row = admin.call("mail.thread", "message_process", False, mail_to("tickets"))
    assert admin.call("lab.ticket", "read", [row], ["name"])[0]["name"] == "The printer is on fire"
    assert admin.call("mail.thread", "message_process", "lab.ticket", mail_to("anybody"))
    assert place.count("lab.ticket") == before + 2
    for method, values in (
        ("create", [NEW]),
        ("message_new", [{"subject": "new"}]),
        # No mail server sets fields.
        ("message_process", ["lab.ticket", mail_to("anybody"), NEW]),
    ):
        with pytest.raises(RuntimeError, match=refusal):
            admin.call("lab.ticket", method, *values)
    with pytest.raises(RuntimeError, match=refusal):
        admin.call("mail.thread", "message_process", "lab.ticket", mail_to("anybody"), custom_values=NEW)
    assert place.count("lab.ticket") == before + 2
