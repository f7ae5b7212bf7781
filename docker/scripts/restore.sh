#!/usr/bin/env bash
# restore.sh PLANE FOLDER: brings back what backup.sh wrote, into a plane that has no data yet, and starts it.
# The plane's variables (docker/.env) must be there already: those of the backup, or the same with other ports.
set -euo pipefail
PLANE=${1:-} folder=${2:?restore.sh PLANE FOLDER}
. "$(dirname "$0")/lib.sh"

(cd "$folder" && sha256sum --check --quiet SHA256SUMS) || fail 'the backup was changed or is not complete'
[ -z "$(compose ps --all --quiet)" ] || fail 'containers of this plane are there: docker compose down (with --volumes to give up its data)'
# Another project has other volumes: from now on every command must mean the same one.
[ -z "${COMPOSE_PROJECT_NAME:-}" ] || set_variable COMPOSE_PROJECT_NAME <<<"$COMPOSE_PROJECT_NAME"

# put FILE MODE: standard input becomes a secret of the plane, unless another one is there.
put() {
  node_with_secrets "
    const [file, content] = ['/run/secrets/$1', fs.readFileSync(0)];
    if (!fs.existsSync(file)) fs.writeFileSync(file, content, { mode: 0o$2, flag: 'wx' });
    else if (!fs.readFileSync(file).equals(content)) {
      console.error('This plane has another $1 already: restore into empty volumes only');
      process.exit(1);
    }"
}
say 'plane.key'
put behavry/plane.key 600 <"$folder/plane.key"
if [ -s "$folder/authority.key" ]; then
  say 'authority'
  put authority/ca.key 600 <"$folder/authority.key"
  put authority/ca.crt 644 <"$folder/authority.crt"
else
  say 'this backup has no authority: the plane makes a new one, and whoever trusts its ca.crt needs the new file'
fi
say 'database'
start postgres
[ "$(sql --tuples-only --no-align <<<"SELECT count(*) FROM pg_namespace WHERE nspname IN ('control', 'data')")" = 0 ] ||
  fail 'the database has data already: restore into empty volumes only'
# The logins belong to the server and not to the dump; the migration gives them their passwords.
sql <<<"CREATE ROLE ${database}_app NOLOGIN; CREATE ROLE ${database}_audit NOLOGIN;"
has_timescale=$(sql --tuples-only --no-align <<<"SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
[ "$has_timescale" = 0 ] || sql --output /dev/null <<<'SELECT timescaledb_pre_restore()'
compose exec -T postgres pg_restore --exit-on-error --username "$owner" --dbname "$database" <"$folder/database.dump"
[ "$has_timescale" = 0 ] || sql --output /dev/null <<<'SELECT timescaledb_post_restore()'
sql <<<'ANALYZE'
say 'migration and apps'
start
if [ "$PLANE" = control-plane ]; then
  say 'restored; now let its data planes take what is older than what they know: docs/runbooks/backup-and-restore.md'
else
  say 'restored; let it verify its record now: GET /api/v1/audit/verify'
fi
