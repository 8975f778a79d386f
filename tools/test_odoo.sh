#!/usr/bin/env bash
# Runs python_tests/servers/: the addon on real Odoo servers and in Chromium. Arguments go to pytest.
# 19 is always tried; 17 and 18 where AEGIS_ODOO_17 and AEGIS_ODOO_18 name source checkouts.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r _ python < <(tools/pythons.sh) || {
    echo "error: no Python 3.10 to 3.13 found; install one and put it on the PATH" >&2
    exit 1
}
environment=.cache/lab/environments/tests

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "== Installing Chromium (once)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
        echo "Chromium could not be installed" >&2
fi
tools/venv.sh "$python" "$environment" python_tests/servers/requirements.txt
wheel=$(PYTHONPATH=tools "$python" - <<'EOF'
from odoo_lab import Unavailable, vendor
try:
    print(vendor.wheel())
except Unavailable as error:
    raise SystemExit(f"lab: {error}") from None
EOF
)
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall "$wheel"
PYTHONPATH=tools "$environment/bin/python" -m pytest python_tests/servers "$@"
