#!/usr/bin/env bash
# upgrade.sh PLANE VERSION FOLDER: a backup into FOLDER, then the images of VERSION, the migration, and the apps anew.
set -euo pipefail
PLANE=${1:-} version=${2:?upgrade.sh PLANE VERSION FOLDER} folder=${3:?upgrade.sh PLANE VERSION FOLDER}
. "$(dirname "$0")/lib.sh"

"$(dirname "$0")/backup.sh" "$PLANE" "$folder"
say "images of $version"
set_variable BEHAVRY_VERSION <<<"$version"
compose pull --quiet --policy missing || true
if ! compose config --images | xargs docker image inspect --format '{{.Id}}' >/dev/null; then
  cp "$folder/plane.env" "$env_file"
  fail 'an image is missing; nothing was changed'
fi
say 'migration and apps'
# Without a build: an upgrade runs what was released, or says that it is not there.
if ! start --no-build; then
  compose ps --all
  fail "not healthy. Read compose logs; the way back is restore.sh with $folder (docs/runbooks/upgrade.md)"
fi
say "$PLANE runs $version"
