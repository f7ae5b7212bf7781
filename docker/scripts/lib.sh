# shellcheck shell=bash
# What the scripts beside this file share; sourced by them with PLANE set. A machine needs docker, compose v2 and the
# folder docker/. Read from the environment, all of them optional:
#   BEHAVRY_COMPOSE        the compose command (docker compose)
#   BEHAVRY_ENV_FILE       the plane's variables (docker/.env)
#   BEHAVRY_COMPOSE_EXTRA  a further compose file of docker/, such as docker-compose.senders.yml; may stand in the variables
#   COMPOSE_PROJECT_NAME, COMPOSE_PROFILES   as compose knows them
umask 077
docker_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
env_file=${BEHAVRY_ENV_FILE:-$docker_folder/.env}
owner=behavry_owner
database=behavry

say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

case ${PLANE:-} in
  control-plane | data-plane) plane_file=docker-compose.$PLANE.yml profile=() ;;
  standalone) plane_file=docker-compose.yml profile=(--profile standalone) ;;
  *) fail 'which plane? control-plane | data-plane | standalone' ;;
esac
[ -r "$env_file" ] || fail "$env_file is missing; name another one in BEHAVRY_ENV_FILE"

extra=${BEHAVRY_COMPOSE_EXTRA:-$(sed -n "s/^BEHAVRY_COMPOSE_EXTRA=[\"']\{0,1\}\([^\"' #]*\).*/\1/p" "$env_file" | tail -n 1)}
files=(--file "$docker_folder/$plane_file")
if [ -n "$extra" ]; then
  [ -r "$docker_folder/$extra" ] || fail "BEHAVRY_COMPOSE_EXTRA: $docker_folder/$extra is missing"
  files+=(--file "$docker_folder/$extra")
fi

# Words on purpose: the command may be "docker compose".
# shellcheck disable=SC2086
compose() { ${BEHAVRY_COMPOSE:-docker compose} "${files[@]}" --env-file "$env_file" "${profile[@]}" "$@"; }

# A client of the plane's database, as its owner; what it is to do comes by standard input, so that no secret is in argv.
sql() { compose exec -T postgres psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$owner" --dbname "$database" "$@"; }

# Node in a container that may write the plane's secrets and has no other right.
node_with_secrets() { compose run --rm --no-deps -T --entrypoint node make-secrets -e "$1"; }

# Starts what changed and waits until all of it is healthy.
start() { compose up --detach --wait "$@"; }

random_hex() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# set_variable NAME: takes the value from standard input and puts it into the plane's variables, in one step.
set_variable() {
  local value new
  value=$(cat)
  case $value in '' | *"'"* | *$'\n'*) fail "$1 must be one line without single quotes, and not empty" ;; esac
  new=$(mktemp "$env_file.XXXXXX")
  { grep -v "^$1=" "$env_file" || true; printf "%s='%s'\n" "$1" "$value"; } >"$new"
  mv "$new" "$env_file"
}
