#!/usr/bin/env bash
# scale.sh PLANE N: N replicas of every app that may have them (docs/scaling.md), from now on. No container that runs is
# touched, unless there are fewer replicas than before.
set -euo pipefail
PLANE=${1:-} replicas=${2:?scale.sh PLANE N}
. "$(dirname "$0")/lib.sh"

[[ $replicas =~ ^[1-9]$ ]] || fail 'from 1 to 9 replicas'
set_variable BEHAVRY_REPLICAS <<<"$replicas"
start --no-recreate
compose ps
