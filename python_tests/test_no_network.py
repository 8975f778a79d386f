"""Checking a license opens nothing: no socket, no file, no process. An audit hook watches."""

import subprocess
import sys

from support import DAY, NOW, Vendor

WATCHED = """
import sys
import aegis_license as aegis
pem, token, trust = sys.stdin.read().split("\\0")
seen = []
sys.addaudithook(lambda event, _: seen.append(event))
uses = ["license", "revocation", "certify"]
keyring = aegis.Keyring.from_pem({{"aegis-2026-01": pem}}, issuer="Example Vendor", use=uses)
here = aegis.Instance(database_uuid="a", domain="b")
for now in ({now}, None):
    aegis.evaluate(token, module="biz4a_payroll", odoo_version="18", instance=here, now=now, keyring=keyring)
state = aegis.evaluate([token, trust], module=None, odoo_version="18", now={now}, keyring=keyring).state
state = aegis.State.from_json(state.to_json())
known = {{"state": state, "database_date": {now} + 10**7, "users": 3, "now": {now}, "keyring": keyring}}
report = aegis.evaluate([token, trust], module="biz4a_payroll", odoo_version="18", **known)
seen.append(f"{{report.code}}-{{report.flags[0]}}-{{report.trust[0].code}}")
report.timeline()
aegis.evaluate(token, module="biz4a_payroll", odoo_version="18")
aegis.verify_license(token, "biz4a_payroll", "18", now={now}, keyring=keyring)
aegis.inspect_token(token)
aegis.embedded_keyring()
aegis.fingerprint("a", "b")
aegis.activation_request(here)
try:
    aegis.verify_license(token, "biz4a_payroll", "18")
except aegis.LicenseError:
    seen.append("refused")
print(*sorted(set(seen)))
"""


def test_nothing_is_opened() -> None:
    """Of Python's own doing; what the extension could do without Python, a system-call trace would show."""
    vendor = Vendor()
    listed = {"iss": vendor.issuer, "iat": NOW - DAY, "seq": 1, "revoked": []}
    trust = vendor.sign(listed, typ="aegis-revocation+jwt")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.format(now=NOW)],
        input="\0".join([vendor.pem, vendor.license(), trust]),
        capture_output=True,
        text=True,
        check=True,
    )
    evaluated = "valid-clock_suspect-valid"
    harmless = ("refused", evaluated, "object.__getattr__", "object.__setattr__", "sys._getframe")
    assert [event for event in done.stdout.split() if event not in harmless] == []
    assert {"refused", evaluated} <= set(done.stdout.split())


def test_importing_loads_no_network_module() -> None:
    """Nor anything else heavy."""
    code = "import sys; before = {*sys.modules}; import aegis_license; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"aegis_license", "aegis_license._native"}
