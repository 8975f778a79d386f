"""The addon's own tests, and those of the module that it protects, run by Odoo itself."""

import re

from servers.installation import Installation, complaints

RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")


def test_the_addons_own_tests_pass(installation: Installation, record_own_tests: list[int]) -> None:
    """They run while the addon is being upgraded, and there are some."""
    database = installation.database("own")
    done = database.run("-u", "aegis_client", "--test-tags", "/aegis_client,/aegis_demo")
    found = RESULT.search(done.stdout)
    assert found, done.stdout[-3000:]
    failed, errors, executed = map(int, found.groups())
    problems = [
        line for line in complaints(done.stdout) if "/tests/" in line or "FAIL" in line or "ERROR" in line
    ]
    assert (done.returncode, failed, errors) == (0, 0, 0), "\n".join(problems)
    assert executed > 0, "Odoo ran none of the addon's tests"
    record_own_tests.append(executed)
