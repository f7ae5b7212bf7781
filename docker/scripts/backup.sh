#!/usr/bin/env bash
# backup.sh PLANE FOLDER: the database as of one moment, the key without which it cannot be read, and the plane's authority,
# which others trust. The plane goes on.
set -euo pipefail
PLANE=${1:-} folder=${2:?backup.sh PLANE FOLDER}
. "$(dirname "$0")/lib.sh"

mkdir -p "$folder"
[ -z "$(ls -A "$folder")" ] || fail "$folder is not empty"
say 'database'
compose exec -T postgres pg_dump --format=custom --username "$owner" "$database" >"$folder/database.dump"
compose exec -T postgres pg_restore --list <"$folder/database.dump" >/dev/null || fail 'the dump cannot be read'
say 'plane.key'
node_with_secrets "process.stdout.write(fs.readFileSync('/run/secrets/behavry/plane.key'))" >"$folder/plane.key"
[ -s "$folder/plane.key" ] || fail 'plane.key is empty'
say 'authority'
for half in crt key; do
  node_with_secrets "process.stdout.write(fs.readFileSync('/run/secrets/authority/ca.$half'))" >"$folder/authority.$half"
  [ -s "$folder/authority.$half" ] || fail "authority.$half is empty"
done
cp "$env_file" "$folder/plane.env"
(cd "$folder" && sha256sum database.dump plane.key authority.crt authority.key plane.env >SHA256SUMS)
say "$folder: these files belong together; one is of no use without the others"
