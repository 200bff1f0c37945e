#!/bin/bash
# Makes the cache of checked queries from databases built by the migrations alone: `write` replaces .sqlx,
# `check` compares. Needs HOCBA_TEST_POSTGRES (see `hocba-dev with-databases`).
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:?write or check}
server=${HOCBA_TEST_POSTGRES%/*}
shared=services/shared
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

sources=()
unset "${!IDENTITY_@}" "${!RECORDS_@}" "${!WORKFLOW_@}" "${!LOCK_@}" "${!SIGNING_@}" "${!ARCHIVE_@}" "${!CHASSIS_@}"
for folder in services/*/ "$shared"/*/; do
  [ -f "$folder/sqlx.toml" ] || continue
  name=$(basename "$folder")
  variable=$(sed -nE 's/^database-url-var *= *"(.*)"/\1/p' "$folder/sqlx.toml")
  sources+=("$folder")
  # A library may be checked against the database of a service that carries it.
  [ -z "${!variable:-}" ] || continue
  # The roles that grants name must exist before the migrations do.
  psql -Xq -v ON_ERROR_STOP=1 -v service="$name" -f "$shared/chassis/provision.sql" "$server/postgres" >/dev/null
  files=()
  folders=("$shared/chassis/migrations")
  case $name in
    chassis) ;;
    fence) folders+=("$shared/fence/migrations") ;;
    *)
      if grep -q '^hocba-fence' "$folder/Cargo.toml"; then folders+=("$shared/fence/migrations"); fi
      folders+=("$folder/migrations")
      ;;
  esac
  for migrations in "${folders[@]}"; do
    for file in "$migrations"/*.sql; do files+=(-f "$file"); done
  done
  psql -Xq -v ON_ERROR_STOP=1 -c "set hocba.service_role = 'hocba_$name'" \
    -c "set role hocba_${name}_owner" "${files[@]}" "$server/hocba_$name" >/dev/null
  export "$variable=$server/hocba_$name"
done

# Only expanded macros write to the cache, and only changed files are expanded.
find "${sources[@]}" -name '*.rs' -exec touch {} +
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$fresh" cargo check --workspace --all-targets --locked

case $mode in
  write)
    mkdir -p .sqlx
    find .sqlx -name 'query-*.json' -delete
    find "$fresh" -name 'query-*.json' -exec cp {} .sqlx/ \;
    echo "$(find .sqlx -name 'query-*.json' | wc -l) queries in .sqlx"
    ;;
  check)
    diff -rq .sqlx "$fresh" || { echo ".sqlx is stale: make sqlx"; exit 1; }
    echo ".sqlx is current"
    ;;
  *) echo "write or check"; exit 64 ;;
esac
