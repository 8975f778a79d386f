#!/usr/bin/env bash
# Installs the wheel of dist/ on each Python found, and runs python_tests/ against it as installed.
set -euo pipefail
cd "$(dirname "$0")/.."

wheel=$(ls dist/*.whl)
mapfile -t pythons < <(tools/pythons.sh)
if [ ${#pythons[@]} -eq 0 ]; then
    echo "error: no Python 3.10 to 3.13 found; install one and put it on the PATH" >&2
    exit 1
fi

for line in "${pythons[@]}"; do
    read -r version python <<<"$line"
    environment=.cache/test-$version
    echo "== Python $version"
    tools/venv.sh "$python" "$environment" python_tests/requirements.txt
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall "$wheel"
    "$environment/bin/python" -m pytest --quiet "$@"
done

for version in 3.10 3.11 3.12 3.13; do
    printf '%s\n' "${pythons[@]}" | grep -q "^$version " || echo "skipped: Python $version is not on this machine"
done
