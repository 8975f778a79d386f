#!/usr/bin/env bash
# Builds the baselines, sets up the peers, and measures the wheel of dist/ beside them.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.cache/bench
if ! cmp -s python_tests/benches/requirements.txt "$environment/requirements.txt"; then
    echo "== Setting up the peers (once)"
    rm -rf "$environment"
    .cache/tools/bin/python -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r python_tests/benches/requirements.txt
    cp python_tests/benches/requirements.txt "$environment/"
fi
echo "== Building the baselines"
for baseline in baseline_empty baseline_verify; do
    (cd "python_tests/benches/$baseline" && CARGO_TARGET_DIR=../../../target/benches \
        ../../../.cache/tools/bin/maturin build --quiet --release --locked --out ../../../target/benches/wheels)
done
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall \
    dist/*.whl target/benches/wheels/*.whl
failed=0
"$environment/bin/python" python_tests/benches/run.py "$@" || failed=1
"$environment/bin/python" python_tests/benches/odoo.py "$@" || failed=1
exit $failed
