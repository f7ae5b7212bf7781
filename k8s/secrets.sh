#!/usr/bin/env bash
# Makes the namespace and the Secrets of a plane that are not there yet: k8s/secrets.sh control-plane|data-plane|standalone [namespace]
# A data plane needs BEHAVRY_DATA_PLANE_TOKEN and BEHAVRY_LICENSE_KEY in the environment; any BEHAVRY_SECRET_… in it
# becomes part of Secret `providers`. Nothing secret is printed, or named on a command line.
set -euo pipefail
umask 077
plane=${1:?which plane: control-plane, data-plane or standalone}
case $plane in
  standalone) namespace=behavry ;;
  control-plane | data-plane) namespace=behavry-$plane ;;
  *) echo "no plane is called $plane" >&2 && exit 2 ;;
esac
namespace=${2:-$namespace}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# Each file in the folder of a Secret's name becomes a key of it.
make() {
  if kubectl -n "$namespace" get secret "$1" >/dev/null 2>&1; then
    echo "secret/$1 is there already"
  else
    kubectl -n "$namespace" create secret generic "$1" --from-file="$folder/$1"
  fi
}

mkdir "$folder"/{plane-key,database-owner,first-administrator,redis,opa-access,uplink,providers}
head -c 32 /dev/urandom >"$folder/plane-key/plane.key"
printf %s behavry_owner >"$folder/database-owner/username"
random >"$folder/database-owner/password"
random >"$folder/first-administrator/password"
password=$(random)
printf 'redis://:%s@redis:6379' "$password" >"$folder/redis/url"
printf 'requirepass %s\nappendonly yes\nmaxmemory-policy noeviction\ndir /data\n' "$password" >"$folder/redis/redis.conf"
random >"$folder/opa-access/token"

if [ $# = 1 ]; then kubectl apply -f "$(dirname "$0")/overlays/$plane/namespace.yaml"; fi
for secret in plane-key database-owner first-administrator redis; do make "$secret"; done
if [ "$plane" != control-plane ]; then
  make opa-access
  while IFS= read -r name; do
    printf %s "${!name}" >"$folder/providers/$name"
  done < <(compgen -e BEHAVRY_SECRET_ || true)
  if [ -n "$(ls "$folder/providers")" ]; then make providers; fi
fi
if [ "$plane" = data-plane ]; then
  printf %s "${BEHAVRY_DATA_PLANE_TOKEN:?the token of this data plane, made on its control plane}" >"$folder/uplink/data-plane-token"
  printf %s "${BEHAVRY_LICENSE_KEY:?the licence key of the tenant}" >"$folder/uplink/license-key"
  make uplink
fi
