# Sourced by up.sh and down.sh: where things are, and how they are started and
# ended. Everything that up.sh makes has a name or a path from this file, so
# that down.sh (and the next up.sh, after a run that died) finds it again.
#
# Everything is overridable by environment; the defaults are what the tests use.

: "${STACK_E2E_RUN:=/run/stack-e2e}"            # state; short, because socket paths end in it
: "${STACK_E2E_CACHE:=/var/cache/stack-e2e}"    # what is slow to make, by version; outlives down.sh
: "${STACK_E2E_PORT:=5000}"                     # of the registry, on 127.0.0.1
: "${STACK_E2E_NAME:=stacke2e}" "${STACK_E2E_NET:=10.231}"   # of bridges and control groups (nine letters at most); first half of the networks
: "${STACK_E2E_SIZE_A:=6g}" "${STACK_E2E_SIZE_B:=6g}" "${STACK_E2E_SIZE_REGISTRY:=2g}"

run=$STACK_E2E_RUN
cache=$STACK_E2E_CACHE
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry=127.0.0.1:$STACK_E2E_PORT
engines='a b'

# The engines hang on bridges of their own, so that a docker0 of the machine
# stays as it is.
bridge_of() { echo "$STACK_E2E_NAME-$1"; }
address_of() { case $1 in a) echo "$STACK_E2E_NET.1.1/24" ;; b) echo "$STACK_E2E_NET.2.1/24" ;; esac; }
hardware_of() { case $1 in a) echo 02:42:5e:2e:00:01 ;; b) echo 02:42:5e:2e:00:02 ;; esac; }
subnet_of() { case $1 in a) echo "$STACK_E2E_NET.1.0/24" ;; b) echo "$STACK_E2E_NET.2.0/24" ;; esac; }

# Control groups of an engine's containers: whoever is in there is ours.
cgroup_of() { echo "$STACK_E2E_NAME-$1"; }

# The machine's docker client may be newer and shadow Debian's; Debian's speaks
# to both engines.
docker_a() { /usr/bin/docker -H "unix://$run/a/docker.sock" "$@"; }
docker_b() { /usr/bin/docker -H "unix://$run/b/docker.sock" "$@"; }

now() { date +%s%N; }

# timed LABEL COMMAND...: runs it and prints how long it took.
timed() {
  local label=$1 start status=0
  shift
  start=$(now)
  "$@" || status=$?
  printf '%7.1fs  %s%s\n' "$(ms_since "$start")e-3" "$label" "$([ $status = 0 ] || echo ' FAILED')" >&2
  return $status
}
ms_since() { echo $((($(now) - $1) / 1000000)); }

die() { echo "stack-e2e: $*" >&2; exit 1; }

# wait_for SECONDS COMMAND...: until it succeeds; 1 when the time is over.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.1
  done
}

# retry TIMES COMMAND...: package indexes have bad moments.
retry() {
  local n=$1 i
  shift
  for i in $(seq "$n"); do
    "$@" && return 0
    [ "$i" = "$n" ] || sleep $((i * 3))
  done
  return 1
}

# pids_of DIR: the processes that serve from a folder of ours. A process is
# ours when it is one of the programs started here and names the folder in its
# command line; a recorded pid alone would prove nothing after a restart.
pids_of() {
  local cmdline argv
  for cmdline in /proc/[0-9]*/cmdline; do
    argv=()
    mapfile -d '' -t argv 2>/dev/null <"$cmdline" || continue
    [ ${#argv[@]} -gt 0 ] || continue    # a kernel thread
    case ${argv[0]##*/} in
      dockerd | containerd | containerd-shim* | docker-registry | docker-proxy) ;;
      *) continue ;;
    esac
    case " ${argv[*]}" in
      *[\ =/]"$1"/*) cmdline=${cmdline#/proc/} && echo "${cmdline%/cmdline}" ;;
    esac
  done
}

# gone PID: a zombie is gone too: it holds nothing, and its parent may be slow
# to take notice.
gone() { ! grep -qs '^State:[[:space:]][^ZX]' "/proc/$1/status"; }

# end_pid PID: at once. Their state is thrown away, so there is nothing that a
# graceful end would save, and dockerd takes five seconds for one.
end_pid() {
  kill -9 "$1" 2>/dev/null || return 0
  wait_for 5 gone "$1"
}

# end_program NAME DIR: ends every NAME that serves from DIR.
end_program() {
  local pid argv0
  for pid in $(pids_of "$2"); do
    argv0=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | head -n1)
    case ${argv0##*/} in "$1"*) end_pid "$pid" ;; esac
  done
}

# end_containers ENGINE: kills whoever is in the engine's control groups. Needed
# when an engine died without stopping its containers.
end_containers() {
  local group pid
  for group in /sys/fs/cgroup/"$(cgroup_of "$1")" /sys/fs/cgroup/*/"$(cgroup_of "$1")"; do
    [ -d "$group" ] || continue
    while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done < <(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)
  done
}

remove_cgroups() {
  local group
  for group in /sys/fs/cgroup/"$(cgroup_of "$1")" /sys/fs/cgroup/*/"$(cgroup_of "$1")"; do
    [ -d "$group" ] && wait_for 5 find "$group" -depth -type d -exec rmdir {} + || true
  done
}

# unmount_under DIR: deepest first; lazily when something still holds it.
unmount_under() {
  awk -v dir="$1" '$2 == dir || index($2, dir "/") == 1 {print $2}' /proc/mounts | sort -r | while read -r mount; do
    umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null || true
  done
}

# on_tmpfs DIR SIZE: deletes on these machines' disks take a hundred times longer.
on_tmpfs() {
  mkdir -p "$1"
  mountpoint -q "$1" || mount -t tmpfs -o "size=$2,mode=0711" stack-e2e "$1"
}

remove_network() {
  local subnet bridge
  subnet=$(subnet_of "$1") bridge=$(bridge_of "$1")
  while iptables -w -t nat -D POSTROUTING -s "$subnet" ! -o "$bridge" -j MASQUERADE 2>/dev/null; do :; done
  ip link del "$bridge" 2>/dev/null || true
}

end_engine() {
  local dir=$run/$1
  end_program dockerd "$dir"
  end_containers "$1"
  end_program containerd-shim "$dir"
  end_program containerd "$dir"
  unmount_under "$dir"
  remove_cgroups "$1"
  remove_network "$1"
  rm -rf "$dir"
}

end_registry() {
  end_program docker-registry "$run/registry"
  unmount_under "$run/registry"
  rm -rf "$run/registry"
}
