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

# The browser, and what prints reports and draws them. Elsewhere than on a server of continuous integration only
# root gets them: nobody is asked for a password.
packages=()
command -v chromium chromium-browser google-chrome >/dev/null || packages+=(chromium)
command -v wkhtmltopdf >/dev/null || packages+=(wkhtmltopdf)
command -v pdftoppm >/dev/null || packages+=(poppler-utils)
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
if [ ${#packages[@]} != 0 ] && command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "${CI:-}" ]; }; then
    echo "== Installing ${packages[*]} (once)"
    settings=(env DEBIAN_FRONTEND=noninteractive)
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" "${settings[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
        echo "${packages[*]} could not be installed" >&2
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
