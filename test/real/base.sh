# Sourced by up.sh: the base images, tagged as the official ones are, so that a
# flow that says `python:3.11-slim` finds them behind a mirror entry
# docker.io → the registry. All are Debian 12 with its Python 3.11:
#
#   python:3.11-slim      apt, pip and venv work; trusts the authorities that this machine trusts
#   python:3.11-managed   the same with Debian's EXTERNALLY-MANAGED marker (PEP 668)
#   python:3.11-noca      as slim, but trusts only what Debian ships: for tests of a CA bundle setting
#   python:3.11-small     python and pip only, no apt: small, for tests that push a lot

base_image=python:3.11-slim
base_tags='3.11-slim 3.11-managed 3.11-noca 3.11-small'
ca_bundle=/etc/ssl/certs/ca-certificates.crt

apt_sources() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/debian.list; do
    [ ! -s "$file" ] || echo "$file"
  done
}

# How this machine reaches its package indexes, for use inside the images too.
# Nothing of it is written anywhere but into images made on this machine.
apt_settings() { apt-config dump --format '%F "%v";%n' | grep -E '^Acquire::(Check-|Retries|http|https|ftp)' || true; }

# tree_cached NAME MMDEBSTRAP-FLAGS...: prints the path of a root file system as
# a tar. Named by what went in: other sources or flags are another tree.
tree_cached() {
  local name=$1 key dir temp
  shift
  key=$({ printf '%s\n' "$@"; apt_settings; mapfile -t sources < <(apt_sources); cat "${sources[@]}"; } | sha256sum | cut -c1-12)
  dir=$cache/tree-$name-$key
  if [ ! -s "$dir/root.tar" ]; then
    # On tmpfs: unpacking thousands of small files is what takes the time.
    on_tmpfs "$run/tmp" 3g
    temp=$(mktemp -d "$cache/.tree.XXXXXX")
    mapfile -t sources < <(apt_sources)
    apt_settings >"$run/tmp/apt.conf"
    TMPDIR=$run/tmp SOURCE_DATE_EPOCH=0 retry 3 mmdebstrap --quiet --mode=root --aptopt="$run/tmp/apt.conf" --aptopt='Apt::Install-Recommends "false"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      "$@" bookworm "$temp/root.tar" "${sources[@]}" >&2 || { rm -rf "$temp"; return 1; }
    unmount_under "$run/tmp"
    chmod 0755 "$temp"
    rm -rf "$dir"
    mv -T "$temp" "$dir"
  fi
  echo "$dir/root.tar"
}

full_tree() {
  tree_cached full --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates
}
small_tree() {
  tree_cached small --variant=extract --include=python3,python3-pip,ca-certificates,base-files,dash,coreutils,libc-bin \
    --setup-hook='mkdir -p "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib" "$1/usr/lib64"; for d in bin sbin lib lib64; do ln -s usr/$d "$1/$d"; done' \
    --customize-hook='ln -sf dash "$1/usr/bin/sh"; mkdir -p "$1/tmp" "$1/root" "$1/proc" "$1/sys" "$1/dev"; chmod 1777 "$1/tmp"; [ -e "$1/etc/passwd" ] || { echo root:x:0:0:root:/root:/bin/sh >"$1/etc/passwd"; echo root:x:0: >"$1/etc/group"; }'
}

# build_base TAG: a Dockerfile on standard input, in the folder of the machine's files.
build_base() { DOCKER_BUILDKIT=0 docker_a build -q -t "$registry/library/python:$1" -f - "$run/base" >/dev/null; }

in_registry() { curl -sf --noproxy '*' -o /dev/null -I -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "http://$registry/v2/library/python/manifests/$1"; }

bases_in_registry() {
  local full small tag missing=
  for tag in $base_tags; do in_registry "$tag" || missing=yes; done
  [ -n "$missing" ] || return 0
  full=$(full_tree)
  small=$(small_tree)
  rm -rf "$run/base" && mkdir -p "$run/base"
  cp "$ca_bundle" "$run/base/ca-certificates.crt"
  if [ -s /etc/pip.conf ]; then cp /etc/pip.conf "$run/base/pip.conf"; else : >"$run/base/pip.conf"; fi
  # What the official images do after each install, and what defeats a naive cache mount.
  echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };' >"$run/base/docker-clean"
  docker_a import -c 'CMD ["python3"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$full" stack-e2e/full >/dev/null
  docker_a import -c 'CMD ["python3"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$small" stack-e2e/small >/dev/null
  local trust="COPY ca-certificates.crt $ca_bundle
COPY pip.conf /etc/pip.conf
ENV SSL_CERT_FILE=$ca_bundle PIP_CERT=$ca_bundle"
  local unmanaged="RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED"
  local python="COPY docker-clean /etc/apt/apt.conf.d/docker-clean
RUN ln -sf python3 /usr/bin/python"
  printf 'FROM stack-e2e/full\n%s\n%s\n' "$python" "$trust" | build_base 3.11-managed
  printf 'FROM stack-e2e/full\n%s\n%s\n%s\n' "$python" "$trust" "$unmanaged" | build_base 3.11-slim
  printf 'FROM stack-e2e/full\n%s\n%s\n' "$python" "$unmanaged" | build_base 3.11-noca
  printf 'FROM stack-e2e/small\nRUN ln -sf python3 /usr/bin/python\n%s\n%s\n' "$trust" "$unmanaged" | build_base 3.11-small
  for tag in $base_tags; do docker_a push "$registry/library/python:$tag" >"$run/push.log" 2>&1 || { tail -n 5 "$run/push.log" >&2; return 1; }; done
}

# bases_in_engine NAME: pulled from the registry, and tagged as if from Docker Hub.
bases_in_engine() {
  local tag
  for tag in $base_tags; do
    "docker_$1" image inspect "python:$tag" >/dev/null 2>&1 && continue
    "docker_$1" pull -q "$registry/library/python:$tag" >/dev/null
    "docker_$1" tag "$registry/library/python:$tag" "python:$tag"
  done
}
