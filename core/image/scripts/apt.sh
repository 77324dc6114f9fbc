# Installs the Debian packages given as arguments.
set -e
if [ "$(id -u)" != 0 ]; then
  echo "stack: the base image runs as $(id -un 2>/dev/null || id -u), who may not install packages; set user to that name, and installs run as root" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "stack: the base image has no apt-get, so apt_packages cannot be installed; use a base image of Debian or Ubuntu, or install with commands" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
packages=/tmp/.stack-cache/apt
if [ -d "$packages" ]; then
  mkdir -p "$packages/partial"
  set -- -o "Dir::Cache::Archives=$packages/" -o APT::Keep-Downloaded-Packages=true "$@"
fi
trust=
if [ -s /tmp/.stack-ca.pem ]; then trust="-o Acquire::https::CAInfo=/tmp/.stack-ca.pem"; fi
# shellcheck disable=SC2086 # two words, or none
apt-get -q $trust update
# shellcheck disable=SC2086
apt-get -q $trust install --yes --no-install-recommends "$@"
# What apt has worked out of the lists, which it does again when it is asked.
rm -f /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin
if [ ! -d "$packages" ]; then
  rm -rf /var/lib/apt/lists/*
fi
