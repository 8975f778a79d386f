#!/usr/bin/env bash
# From nothing to licenses checked offline: keys, a wheel that trusts them, three licenses, seven refusals.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=$PWD/target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bold=; plain=
if [ -t 1 ]; then bold=$(printf "\033[1m") plain=$(printf "\033[0m"); fi
step() { printf "\n%s\n" "$bold$*$plain"; }
aegis() { target/release/aegis "$@"; }

step "Building the aegis command (the first time takes some minutes)"
cargo build --release --quiet --locked -p aegis-cli --no-default-features

step "1. A key pair for the vendor, the private half encrypted"
export AEGIS_PASSPHRASE
AEGIS_PASSPHRASE=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
aegis keys generate --kid acme-2026 --issuer "Acme Modules" --dir "$work/keys"
mkdir "$work/public_keys"
cp "$work/keys/acme-2026.public.pem" "$work/public_keys/"
printf '[acme-2026]\nissuer = "Acme Modules"\nmodules = ["acme_*"]\n' >"$work/public_keys/keyring.toml"

step "2. A wheel that trusts this key and no other (half a minute)"
AEGIS_PUBLIC_KEYS="$work/public_keys" tools/wheel.sh "$work/dist"
.cache/tools/bin/python -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/*.whl
ls -l "$work"/dist/*.whl | awk '{print "  " $9 ", " $5 " bytes"}' | sed "s|$work/dist/||"
"$work/venv/bin/python" -m aegis_license keys

step "3. Three licenses, one of them bound to an instance"
issue() { aegis license issue --key "$work/keys/acme-2026.private.pem" --keyring "$work/public_keys" "$@"; }
issue --customer-id C-1 --customer-name "Globex" --type perpetual --module acme_sign:17,18 >"$work/perpetual.license"
issue --customer-id C-2 --customer-name "Initech" --type subscription --module "acme_*:18" --days 365 --grace-days 14 \
    --bind 7c0e4b1a-5b0e-4f5e-9d53-3f6f2f7f0a11 erp.initech.example >"$work/subscription.license"
issue --customer-id C-3 --customer-name "Umbrella" --type demo --module acme_sign:18 --days 30 >"$work/demo.license"

step "4. Verified offline, in Python"
"$work/venv/bin/python" tools/demo.py "$work"

step "That was all of it: no server was asked, and $work is removed now."
