"""Measures the check and the guard inside real Odoo servers, warm, against the targets.

``PYTHON odoo.py [--quick]``: 15 fresh Odoo processes of each series that is there, in each the minimum over
interleaved rounds of calls; the figure is the median over the processes. The license is stored as if pasted,
no license file is there, and the database has the protected module of ``examples/``. "Without the guard" is
the same process with the guard's method taken out of the class.

Exit codes: 0 every *must* is met, 1 one is missed, 2 wrong usage.
"""

import argparse
import re
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]

from odoo_lab import LAB, SERIES, Cluster, Odoo, Unavailable, discard, environment, fresh, prepare, run_odoo  # noqa: E402
from odoo_lab.vendor import issue, wheel  # noqa: E402
from run import PROCESSES, QUICK_PROCESSES, Row, table  # noqa: E402

DATABASE = "aegis_bench"
ADDONS = (ROOT / "examples",)
MODULE = "aegis_demo"
STORE = "env['aegis.license'].store({token!r}); env.cr.commit()"
MEASURE = """
import timeit
from odoo.addons.aegis_client.models.base import Base

licenses = env["aegis.license"]
assert licenses.check("aegis_demo").code == "valid"
call = timeit.Timer(lambda: licenses.check("aegis_demo"))
print("check", min(call.repeat(20, 2000)) / 2000 * 1e6)
guard = Base.create

def best(model):
    timer = timeit.Timer(lambda: env[model].create({"name": "x"}))
    found = {True: [], False: []}
    for _round in range(50):
        for guarded, taken in found.items():
            if not guarded:
                del Base.create
            timer.timeit(5)
            taken.append(timer.timeit(20))
            Base.create = guard
            env.cr.rollback()
    return min(found[True]) / min(found[False])

print("unprotected", best("res.partner.industry"))
print("protected", best("aegis.demo.note"))
"""
FIGURES = {
    "check": ('`env["aegis.license"].check(module)`, warm', 25, 10, " µs"),
    "unprotected": ("`create` of an unprotected model ÷ without the guard", 1.01, 1.005, ""),
    "protected": ("`create` of a protected, licensed model ÷ without the guard", 1.05, 1.02, ""),
}


def sample(odoo: Odoo, cluster: Cluster, processes: int) -> dict[str, list[float]]:
    """Measure in so many fresh processes."""
    license_file = LAB / "bench.license"
    license_file.write_text(issue("--days", "60"))
    fresh(odoo, cluster, DATABASE, [MODULE], addons=ADDONS, env={"AEGIS_LICENSE_FILE": str(license_file)})
    taken: dict[str, list[float]] = {name: [] for name in FIGURES}
    try:
        run_odoo(
            odoo, cluster, DATABASE, "shell", addons=ADDONS, text=STORE.format(token=license_file.read_text())
        )
        for number in range(processes):
            print(
                f"\rOdoo {odoo.number}: process {number + 1} of {processes}",
                end="",
                file=sys.stderr,
                flush=True,
            )
            done = run_odoo(odoo, cluster, DATABASE, "shell", addons=ADDONS, text=MEASURE)
            for name, figures in taken.items():
                found = re.search(rf"^(?:>>> |\.\.\. )*{name} ([\d.]+)", done.stdout, re.MULTILINE)
                if not found:
                    raise RuntimeError(f"Odoo {odoo.number} did not measure:\n{done.stdout[-2000:]}")
                figures.append(float(found[1]))
        print(file=sys.stderr)
    finally:
        discard(cluster, DATABASE)
    return taken


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_PROCESSES} processes")
    processes = QUICK_PROCESSES if parser.parse_args().quick else PROCESSES
    rows = []
    with Cluster() as cluster:
        python = environment("lab", wheel())
        for number in reversed(SERIES):
            try:
                odoo = prepare(number).using(python)
            except Unavailable as reason:
                print(f"skipped: {reason}", file=sys.stderr)
                continue
            for name, taken in sample(odoo, cluster, processes).items():
                what, must, aim, unit = FIGURES[name]
                rows.append(Row(f"Odoo {number}: {what}", median(taken), must, aim, True, unit))
    print(table(["what", "measured", "must", "aim", "met"], [row.cells() for row in rows]))
    return 0 if rows and all(row.keeps(row.must) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
