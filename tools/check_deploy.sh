#!/usr/bin/env bash
# Checks what is in deploy/, and the workflows: alert rules and their tests, the dashboard, images and containers, the
# systemd unit, the proxy, the shell scripts. Its tools are set up under .cache/ on first use.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.cache/deploy/environment
tools/venv.sh "${PYTHON:-python3}" "$environment" tools/check_deploy/requirements.txt
bin=$environment/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

quietly() { # COMMAND…: what it prints is shown where it fails
    "$@" >"$scratch/output" 2>&1 || {
        cat "$scratch/output"
        return 1
    }
}

refresh() { # The list of packages; without one, nothing is found in it.
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    "${as_root[@]}" apt-get update -qq
}

# The program of a Debian package, without installing it: its service would be started.
from_debian() { # PROGRAM PACKAGE
    local found folder=.cache/deploy/$2
    if found=$(PATH="$PATH:/usr/sbin" command -v "$1") || found=$(find "$folder" -type f -name "$1" -perm -u+x 2>/dev/null | grep .); then
        realpath "$found"
        return
    fi
    echo "== Fetching $2 (once)" >&2
    mkdir -p "$folder"
    (
        cd "$folder"
        # Without root's sandboxing, which cannot write here.
        get=(apt-get -qq -o APT::Sandbox::User=root download "$2")
        "${get[@]}" 2>/dev/null || { refresh && "${get[@]}"; }
        dpkg -x "$2"_*.deb .
        rm "$2"_*.deb
    ) >&2 || {
        echo "error: $1 is missing; install the package $2 and run this again" >&2
        return 1
    }
    realpath "$(find "$folder" -type f -name "$1" -perm -u+x | grep .)"
}

PROMTOOL=$(from_debian promtool prometheus)
export PROMTOOL
quietly "$PROMTOOL" check config deploy/prometheus/prometheus.yml
quietly "$PROMTOOL" test rules deploy/prometheus/rules_test.yml

"$bin/hadolint" --failure-threshold style deploy/Dockerfile
quietly "$bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose.yaml
quietly "$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
quietly "$bin/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
quietly "$bin/zizmor" --offline --no-progress .github
"$bin/shellcheck" --severity=warning tools/*.sh deploy/*.sh .ci/run

# The unit, as if the server were installed. Its exposure, on a scale to 100, is 11.
if command -v systemd-analyze >/dev/null; then
    sed 's#^ExecStart=/usr/local/bin/aegis.*#ExecStart=/bin/true#' deploy/aegis.service >"$scratch/aegis.service"
    systemd-analyze verify "$scratch/aegis.service"
    quietly systemd-analyze security --offline=true --threshold=15 --no-pager "$scratch/aegis.service"
elif [ -n "${CI:-}" ]; then
    echo "error: systemd-analyze is missing; install systemd" >&2
    exit 1
else
    echo "The systemd unit was left out: systemd-analyze is missing"
fi

# The proxy, with a certificate for a day, on ports that anybody may open.
nginx=$(from_debian nginx nginx)
openssl req -x509 -newkey ed25519 -nodes -days 1 -subj /CN=licenses.example.com \
    -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" 2>/dev/null
{
    echo "pid $scratch/nginx.pid; error_log stderr; events {} http { access_log off;"
    for part in client_body proxy fastcgi uwsgi scgi; do echo "${part}_temp_path $scratch/$part;"; done
    sed "s#/etc/nginx/tls/#$scratch/#; s#listen \[::\]:#listen 127.0.0.2:40#; s#listen \([48]\)#listen 127.0.0.1:40\1#" deploy/nginx/aegis.conf
    echo "}"
} >"$scratch/nginx.conf"
"$nginx" -t -q -p "$scratch" -c "$scratch/nginx.conf"

"$bin/python" -m pytest --quiet -p no:cacheprovider tools/check_deploy
