#!/usr/bin/env bash
# rotate.sh PLANE WHAT: makes one secret of a plane anew. WHAT is
#   database-owner | redis | tls             made here
#   data-plane-token | provider-key          the new one is read from standard input
#   admin-password                           the new one of "admin" is read from standard input
set -euo pipefail
PLANE=${1:-} what=${2:?rotate.sh PLANE database-owner|redis|tls|data-plane-token|provider-key|admin-password}
. "$(dirname "$0")/lib.sh"

apps() { compose config --services | grep -E '^(identity-jwks|.*-(service|server|proxy|writer|monitor|worker))$' | grep -vx model-server; }

# One app after the other, so that the plane answers for most of the time.
restart_apps() {
  for app in $(apps); do
    say "restart of $app"
    compose up --detach --wait --no-deps --force-recreate "$app"
  done
}

# The password that Redis will start with.
redis_password() { compose exec -T redis sed -n 's/^requirepass //p' /run/secrets/redis/redis.conf; }

# What tells one certificate of the edge from another.
certificate() { compose exec -T edge sha256sum /run/secrets/edge/tls.crt; }

# redis PASSWORD COMMAND: by standard input, so that no password is in argv.
redis() {
  local said
  said=$(printf 'AUTH %s\n%s\n' "$1" "$2" | compose exec -T redis redis-cli)
  [ "$said" = $'OK\nOK' ] || fail 'Redis refused; the apps have the password in redis.conf, restart redis to make it hold'
}

case $what in
  database-owner)
    password=$(random_hex)
    # The server keeps the hash that is made here of it, so the statement in its log would not tell the password.
    sql <<<"SET log_statement = 'none'; SET password_encryption = 'scram-sha-256'; ALTER ROLE $owner PASSWORD '$password';"
    set_variable BEHAVRY_DB_PASSWORD <<<"$password"
    compose run --rm --no-deps -T migrate >/dev/null || fail 'the migration cannot sign in with the new password'
    say 'the migration has signed in with the new password; apps have logins of their own and were not touched'
    ;;
  redis)
    old=$(redis_password)
    compose run --rm --no-deps -T make-secrets --rotate redis
    new=$(redis_password)
    # Both hold while one app after the other takes the new one, so that Redis is never without its apps.
    redis "$old" "ACL SETUSER default >$new"
    restart_apps
    redis "$new" "ACL SETUSER default resetpass >$new"
    say 'Redis takes the new password only, and was not restarted'
    ;;
  tls)
    before=$(certificate)
    compose run --rm --no-deps -T make-secrets --rotate tls
    compose kill --signal HUP edge
    if [ "$(certificate)" = "$before" ]; then
      say 'nothing was made: the certificate is of your own (BEHAVRY_TLS_DIR). The edge has read your files again'
    else
      say 'the edge serves the new certificate; its authority is the same'
    fi
    ;;
  data-plane-token)
    [ "$PLANE" = data-plane ] || fail 'only a data plane has one'
    set_variable BEHAVRY_DATA_PLANE_TOKEN
    compose up --detach --wait --no-deps license-service
    say 'license-service has the new token and gives it to OPA; revoke the old one when /health/ready is 200'
    ;;
  provider-key)
    set_variable BEHAVRY_SECRET_OPENAI_KEY
    compose up --detach --wait --no-deps llm-proxy
    say 'llm-proxy has the new key; revoke the old one at the provider'
    ;;
  admin-password)
    schema=control
    [ "$PLANE" = data-plane ] && schema=data
    # The same way as identity-jwks makes hashes; the password itself goes into no file, no argument and no log.
    hash=$(compose exec -T identity-jwks node -e "
      const password = fs.readFileSync(0, 'utf8').replace(/\r?\n\$/, '');
      if (password.length < 8) { console.error('8 characters or more'); process.exit(1); }
      require('/opt/behavry/node_modules/@node-rs/argon2')
        .hash(password, { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 })
        .then((hash) => process.stdout.write(hash));")
    [[ $hash == '$argon2id$'* ]] || fail 'no hash was made'
    changed=$(sql --tuples-only --no-align <<<"WITH changed AS (
      UPDATE $schema.people SET password_hash = '$hash' WHERE username = 'admin' RETURNING 1) SELECT count(*) FROM changed")
    [ "$changed" = 1 ] || fail "$changed people were changed instead of one"
    say 'admin has the new password; who is signed in stays so until the token ends'
    ;;
  *) fail "$what is nothing that can be rotated" ;;
esac
