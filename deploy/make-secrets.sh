#!/bin/sh
# Makes the passwords and keys of docker-compose.yml once, in deploy/secrets/yihu.env, for its owner's eyes only.
# An existing file is never touched: databases were made with the passwords in it.
set -eu
umask 077
folder="$(cd "$(dirname "$0")" && pwd)/secrets"
file="$folder/yihu.env"
mkdir -p "$folder"

random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
fernet_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

if [ -e "$file" ]; then
    echo "$file exists and stays as it is"
    exit 0
fi

draft="$(mktemp "$folder/draft.XXXXXX")"
trap 'rm -f "$draft"' EXIT
{
    echo "POSTGRES_PASSWORD=$(random)"
    echo "YIHU_DATABASE_PASSWORD=$(random)"
    echo "AIRFLOW_DATABASE_PASSWORD=$(random)"
    echo "AIRFLOW_OPERATOR_PASSWORD=$(random)"
    echo "AIRFLOW_FERNET_KEY=$(fernet_key)"
    echo "AIRFLOW_JWT_SECRET=$(random)"
    echo "AIRFLOW_API_SECRET_KEY=$(random)"
} >"$draft"
ln "$draft" "$file" # unlike mv, refuses to replace a file that came into being meanwhile
echo "wrote $file: keep a copy in the bank's vault; Airflow's user is 'operator', its password AIRFLOW_OPERATOR_PASSWORD"
