#!/usr/bin/env bash
# Ends and removes everything that up.sh made: processes, containers, mounts,
# bridges, the two address-translation rules, files. The cache stays
# (STACK_E2E_CACHE); remove that folder to build everything anew.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "$(id -u)" = 0 ] || die "needs root"
exec 9>"$run.lock"
flock -w 600 9 || die "another up.sh or down.sh is at work (holds $run.lock)"

down() {
  local engine
  for engine in $engines; do end_engine "$engine"; done
  end_registry
  unmount_under "$run"
  [ ! -s "$run/ip_forward" ] || cat "$run/ip_forward" >/proc/sys/net/ipv4/ip_forward
  rm -rf "$run"
}
timed "everything down" down 9>&-
rm -f "$run.lock"
