#!/usr/bin/env bash
# Runs the simulation of python_tests/test_years.py at length, on the first Python found, with the wheel of dist/.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r version python < <(tools/pythons.sh)
environment=.cache/test-$version
tools/venv.sh "$python" "$environment" python_tests/requirements.txt
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall dist/*.whl
AEGIS_YEARS=long "$environment/bin/python" -m pytest --quiet python_tests/test_years.py
