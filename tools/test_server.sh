#!/usr/bin/env bash
# Runs python_tests/license_server/: real license servers, under load and in trouble. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

# The newest: Schemathesis needs 3.11.
read -r version python < <(tools/pythons.sh | tail -n 1) || {
    echo "error: no Python 3.11 to 3.13 found; install one and put it on the PATH" >&2
    exit 1
}
if [ "$version" = 3.10 ]; then
    echo "error: the tests of the license server need Python 3.11 to 3.13, and 3.10 is the newest here" >&2
    exit 1
fi
environment=.cache/lab/environments/server
tests=python_tests/license_server

tools/venv.sh "$python" "$environment" "$tests/requirements.txt"
PYTHONPATH=tools:python_tests "$environment/bin/python" -m pytest --confcutdir "$tests" "$tests" "$@"
