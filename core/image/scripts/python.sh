# Installs Python packages: INSTALLER REQUIREMENTS_FILE OPTIONS...
set -e
installer=$1 requirements=$2
shift 2

python=$(command -v python || command -v python3 || true)
if [ -z "$python" ]; then
  echo "stack: the base image has no Python, so requirements cannot be installed; use one that has, such as python:3.12-slim, or add python3 and python3-pip to apt_packages" >&2
  exit 1
fi
need_pip() {
  if ! "$python" -m pip --version >/dev/null 2>&1; then
    echo "stack: $python of the base image has no pip, so $installer cannot be used; add python3-pip to apt_packages, or use a base image with pip" >&2
    exit 1
  fi
}
# The packages are for the image's own interpreter, even where the distribution
# calls it externally managed: nobody else uses it.
export PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

if [ "$installer" = pip ]; then
  need_pip
  cache=/tmp/.stack-cache/pip
  if [ -d "$cache" ]; then set -- --cache-dir "$cache" "$@"; else set -- --no-cache-dir "$@"; fi
  exec "$python" -m pip install "$@" -r "$requirements"
fi

# uv: the image's own, else one that is not left in the image.
cache=/tmp/.stack-cache/uv
uv=$(command -v uv || true)
# What uv leaves in its temporary folder is not to be in the image, and its
# locks are not for other builds.
if [ -d "$cache" ]; then scratch=$(mktemp -d "$cache/scratch-XXXXXX"); else scratch=$(mktemp -d); fi
trap 'rm -rf "$scratch"' EXIT
if [ -z "$uv" ]; then
  platform=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH") or sysconfig.get_platform())')
  kept=$cache/stack-uv-UV_VERSION-$platform
  uv=$kept/bin/uv
  if ! "$uv" --version >/dev/null 2>&1; then
    need_pip
    "$python" -m pip install --quiet --no-cache-dir --target "$scratch/uv" uv==UV_VERSION
    uv=$scratch/uv/bin/uv
    if [ -d "$cache" ]; then
      # Builds that run at the same time may have been faster; then theirs is used.
      rm -rf "$scratch/old"
      if [ -e "$kept" ] && ! "$kept/bin/uv" --version >/dev/null 2>&1; then mv "$kept" "$scratch/old" || true; fi
      if [ ! -e "$kept" ] && mv "$scratch/uv" "$kept" 2>/dev/null; then uv=$kept/bin/uv; fi
    fi
  fi
fi
# What configures pip's indexes configures uv's, unless uv has its own.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi
if [ -n "${PIP_EXTRA_INDEX_URL:-}" ] && [ -z "${UV_INDEX:-}${UV_EXTRA_INDEX_URL:-}" ]; then export UV_INDEX="$PIP_EXTRA_INDEX_URL"; fi

if [ -d "$cache" ]; then set -- --cache-dir "$cache/cache" --link-mode copy "$@"; else set -- --no-cache "$@"; fi
TMPDIR=$scratch "$uv" pip install --python "$python" --break-system-packages "$@" -r "$requirements"
