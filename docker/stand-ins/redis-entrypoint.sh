#!/usr/bin/env bash
# As in the public image: root gives /data to redis and steps down.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  chown -R redis:redis /data
  exec setpriv --reuid=redis --regid=redis --init-groups "$@"
fi
exec "$@"
