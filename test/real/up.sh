#!/usr/bin/env bash
# Starts the real parts that the end-to-end tests run against, on a bare Debian
# 12 machine as root:
#
#   engine A   Debian's docker.io                        unix:///run/stack-e2e/a/docker.sock
#   engine B   a present-day engine from its Go module   unix:///run/stack-e2e/b/docker.sock
#   registry   Debian's docker-registry                  127.0.0.1:5000
#   bases      python images made by mmdebstrap, in the registry and in both engines
#
# Safe to run again: what is up stays up, what a dead run left behind is removed
# first. Prints how long each part took; writes $STACK_E2E_RUN/env for the tests.
#
#   up.sh [a|b]    only that engine (and the registry); both without an argument
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/base.sh"

[ "$(id -u)" = 0 ] || die "needs root: it installs packages, mounts and makes bridges"
[ "$(uname -m)" = x86_64 ] || die "knows only x86_64 machines"
case ${1:-} in a | b) engines=$1 ;; '') ;; *) die "usage: up.sh [a|b]" ;; esac
exec 9>"$run.lock"
flock -w 1200 9 || die "another up.sh or down.sh is at work (holds $run.lock)"
mkdir -p "$run" "$cache"
exec 8>"$cache/.lock"
flock -w 1200 8 || die "another up.sh fills the cache (holds $cache/.lock)"
started=$(now)
# What a dead run left half-built; nobody builds while the lock is ours.
find "$cache" -mindepth 1 -maxdepth 1 -type d -name '.*' -exec rm -rf {} +

packages='docker.io docker-registry mmdebstrap containerd iproute2 iptables runc libseccomp-dev pkg-config gcc libc6-dev curl ca-certificates'

install_packages() {
  local missing=() p
  for p in $packages; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  retry 3 apt-get update -qq
  retry 3 apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$run/apt.log" 2>&1 || { tail -n 30 "$run/apt.log" >&2; return 1; }
}

# --- what is compiled, once per version

module_version() { (cd "$here/engine" && go list -m -f '{{.Version}}' "$1"); }

# build_cached NAME MODULE PACKAGE [ENV...] -- [GO BUILD FLAGS...]: prints the folder with the program.
build_cached() {
  local name=$1 module=$2 package=$3 version dir temp environment=()
  shift 3
  while [ "$1" != -- ]; do environment+=("$1"); shift; done
  shift
  version=$(module_version "$module")
  dir=$cache/$name-$version
  if [ ! -x "$dir/$name" ]; then
    # Made under another name and renamed: a half-built cache is never used.
    temp=$(mktemp -d "$cache/.$name.XXXXXX")
    (cd "$here/engine" && env "${environment[@]}" go build -trimpath "$@" -o "$temp/$name" "$package") || { rm -rf "$temp"; return 1; }
    chmod 0755 "$temp"
    rm -rf "$dir"
    mv -T "$temp" "$dir"
  fi
  echo "$dir"
}
build_dockerd() {
  build_cached dockerd github.com/moby/moby/v2 github.com/moby/moby/v2/cmd/dockerd CGO_ENABLED=0 -- -ldflags '-s -w' >"$run/dockerd.dir"
}
# Debian's runc is too old for this engine (it does not know time namespaces).
build_runc() {
  build_cached runc github.com/opencontainers/runc github.com/opencontainers/runc CGO_ENABLED=1 -- -tags seccomp -ldflags '-s -w' >"$run/runc.dir"
}

# --- registry

registry_answers() { curl -sf --noproxy '*' -o /dev/null "http://$registry/v2/"; }

start_registry() {
  [ -z "$(pids_of "$run/registry")" ] || ! registry_answers || return 0
  end_registry
  ! registry_answers || die "something else answers on $registry: stop it, or set STACK_E2E_PORT"
  on_tmpfs "$run/registry/data" "$STACK_E2E_SIZE_REGISTRY"
  cat >"$run/registry/config.yml" <<Y
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $run/registry/data}
  delete: {enabled: true}
http: {addr: "$registry", secret: stack-e2e}
Y
  setsid /usr/bin/docker-registry serve "$run/registry/config.yml" >"$run/registry/log" 2>&1 </dev/null 8>&- 9>&- &
  wait_for 20 registry_answers || { tail -n 20 "$run/registry/log" >&2; die "the registry does not answer"; }
}

# --- engines

network() {
  local bridge subnet
  bridge=$(bridge_of "$1") subnet=$(subnet_of "$1")
  [ -s "$run/ip_forward" ] || cat /proc/sys/net/ipv4/ip_forward >"$run/ip_forward"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  # Without an address of its own a bridge takes the lowest of its ports', and so
  # another one as containers come and go: then builds lose their way out for
  # as long as they remember the old one.
  ip link set "$bridge" address "$(hardware_of "$1")"
  ip addr replace "$(address_of "$1")" dev "$bridge"
  ip link set "$bridge" up
  iptables -w -t nat -C POSTROUTING -s "$subnet" ! -o "$bridge" -j MASQUERADE 2>/dev/null ||
    iptables -w -t nat -A POSTROUTING -s "$subnet" ! -o "$bridge" -j MASQUERADE
}

engine_answers() { curl -sf --unix-socket "$run/$1/docker.sock" -o /dev/null http://docker/_ping; }

# start_engine NAME DOCKERD PATH SIZE: dockerd with a containerd of its own, so
# that neither shares state with the machine's or with the other engine.
start_engine() {
  local name=$1 dockerd=$2 path=$3 size=$4 dir=$run/$1
  ! engine_answers "$name" || [ -z "$(pids_of "$dir")" ] || return 0
  end_engine "$name"
  on_tmpfs "$dir/data" "$size"
  mkdir -p "$dir/exec"
  network "$name"
  cat >"$dir/containerd.toml" <<T
version = 2
root = "$dir/data/containerd"
state = "$dir/exec/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/data/opt"
T
  PATH=$path setsid containerd --config "$dir/containerd.toml" --log-level warn >"$dir/containerd.log" 2>&1 </dev/null 8>&- 9>&- &
  wait_for 20 test -S "$dir/containerd.sock" || { tail -n 20 "$dir/containerd.log" >&2; die "containerd of engine $name does not start"; }
  # The settings of the machine's own engine are none of ours: an empty file.
  echo '{}' >"$dir/daemon.json"
  PATH=$path setsid "$dockerd" --config-file "$dir/daemon.json" --iptables=false --ip6tables=false --bridge="$(bridge_of "$name")" \
    -H "unix://$dir/docker.sock" --data-root "$dir/data/docker" --exec-root "$dir/exec/docker" --pidfile "$dir/docker.pid" \
    --containerd "$dir/containerd.sock" --containerd-namespace "stack-e2e-$name" --containerd-plugins-namespace "stack-e2e-$name-plugins" \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$(cgroup_of "$name")" --shutdown-timeout 3 \
    >"$dir/log" 2>&1 </dev/null 8>&- 9>&- &
  wait_for 60 engine_answers "$name" || { tail -n 20 "$dir/log" >&2; die "engine $name does not answer"; }
}
start_a() { start_engine a /usr/sbin/dockerd "$PATH" "$STACK_E2E_SIZE_A"; }
start_b() { start_engine b "$(cat "$run/dockerd.dir")/dockerd" "$(cat "$run/runc.dir"):$PATH" "$STACK_E2E_SIZE_B"; }

write_env() {
  {
    [ ! -S "$run/a/docker.sock" ] || echo "export STACK_E2E_DOCKER_A=unix://$run/a/docker.sock"
    [ ! -S "$run/b/docker.sock" ] || echo "export STACK_E2E_DOCKER_B=unix://$run/b/docker.sock"
    echo "export STACK_E2E_REGISTRY=$registry"
    echo "export STACK_E2E_BASE=$base_image"
    echo "export STACK_E2E_CA=$ca_bundle"
  } >"$run/env.new"
  mv "$run/env.new" "$run/env"
}

timed "packages" install_packages
timed "registry" start_registry
timed "engine A" start_a
# Bases are made by engine A, B takes them from the registry.
timed "base images" bases_in_registry
timed "base images in A" bases_in_engine a
write_env
case " $engines " in *' b '*)
  timed "runc for B" build_runc
  timed "dockerd for B" build_dockerd
  timed "engine B" start_b
  timed "base images in B" bases_in_engine b
  write_env
  ;;
esac
printf '%7.1fs  in all; source %s\n' "$(ms_since "$started")e-3" "$run/env" >&2
