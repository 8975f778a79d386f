#!/usr/bin/env bash
# Makes the random secrets of compose.yaml, mode 0600, and notes in .env who may read them. Makes no secret anew that is
# there: run it again after a new one was added.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

# The containers run as the owner of the secrets; never as root.
owner=$(id -u) group=$(id -g)
[ "$owner" != 0 ] || owner=65532 group=65532

random() { # 32 bytes, in characters that need no quoting anywhere
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

keep() { # NAME: takes the secret from the input, unless there is one
    if [ -s "secrets/$1" ]; then
        echo "kept     secrets/$1"
    else
        cat >"secrets/$1.new"
        mv "secrets/$1.new" "secrets/$1"
        echo "made     secrets/$1"
    fi
}

mkdir -p secrets keys backups openbao/data
chmod 0700 secrets keys backups openbao/data
keep postgres_password < <(random)
keep grafana_password < <(random)
keep passphrase < <(random)
keep aegis.toml <<END
# The settings of the license server that hold a secret; the others are in settings.env and local.env.
database_url = "postgres://aegis:$(cat secrets/postgres_password)@postgres:5432/aegis"
END

chmod 0600 secrets/*
if [ "$(id -u)" = 0 ]; then
    chown -R "$owner:$group" secrets keys backups openbao/data
fi
{
    # What else Compose is told there stays.
    [ ! -e .env ] || sed '/^AEGIS_[UG]ID=/d' .env | sed '$a\'
    printf 'AEGIS_UID=%s\nAEGIS_GID=%s\n' "$owner" "$group"
} >.env.new
mv .env.new .env
echo "The containers will run as user $owner. Back up the folder secrets/: nothing can make them again."
