"""What only a fresh process can tell, one figure a process: ``import MODULE``, or ``memory NAME FOLDER``.

Prints nanoseconds; or bytes: what is resident, and what of it no other process can share. Imports next to
nothing, so as to take nothing away from what is measured.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time

import material
import peers


def import_time(module: str) -> int:
    """Measure the first import of ``module``, in nanoseconds."""
    # Python lists the folders of its path once a process, whoever asks first; let that not be `module`.
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("a_module_that_is_not_there")
    start = time.perf_counter_ns()
    importlib.import_module(module)
    return time.perf_counter_ns() - start


def memory(name: str, folder: str) -> list[int]:
    """Measure what import and first check of ``name`` (``aegis``, ``PyJWT``) add to ``in_memory``."""
    pem = "\n".join(material.read_lines(f"{folder}/key.pem"))
    token = material.read_lines(f"{folder}/tokens.txt")[0]
    before = in_memory()
    if name == "aegis":
        aegis = importlib.import_module("aegis_license")
        keyring = aegis.Keyring.from_pem({material.KID: pem}, issuer=material.ISSUER)
        aegis.verify_license(token, material.MODULE, material.ODOO_VERSION, keyring=keyring)
    else:
        peers.PEERS[name](pem, material.ISSUER)(token)
    return [after - earlier for after, earlier in zip(in_memory(), before, strict=True)]


def in_memory() -> list[int]:
    """Tell the memory that is resident, and what of it is this process's own (no part of a file), in bytes.

    Where there is no ``/proc``, both are the most that ever was resident.
    """
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 (pathlib takes memory)
            fields = {line.split()[0]: line.split()[1] for line in file}
        return [int(fields[name]) * 1024 for name in ("Rss:", "Anonymous:")]
    except OSError:
        resource = importlib.import_module("resource")
        unit = 1 if sys.platform == "darwin" else 1024
        return [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit] * 2


if __name__ == "__main__":
    if sys.argv[1] == "import":
        print(import_time(sys.argv[2]))
    else:
        print(*memory(sys.argv[2], sys.argv[3]))
