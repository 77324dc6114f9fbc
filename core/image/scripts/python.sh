# Installs Python packages:
#   install INSTALLER REQUIREMENTS_FILE OPTIONS...
#   sync PROJECT_FOLDER OPTIONS...         the locked packages of a uv project
#   run INSTALLER SCRIPT                   a command that installs
set -e
task=$1 installer=uv
shift
if [ "$task" != sync ]; then installer=$1; shift; fi
what=$1
shift

python=$(command -v python || command -v python3 || true)
if [ -z "$python" ] && [ "$task" != run ]; then
  echo "stack: the base image has no Python, so requirements cannot be installed; use one that has, such as python:3.12-slim, or add python3 and python3-pip to apt_packages" >&2
  exit 1
fi
# A base image that runs as somebody else: what that user may write to decides.
if [ "$(id -u)" != 0 ] && [ "$task" != run ] && ! [ -w "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" ]; then
  echo "stack: the base image runs as $(id -un 2>/dev/null || id -u), who may not install into its Python; set user to that name, and installs run as root" >&2
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

# Indexes that do not answer for a moment are asked again for some minutes.
export UV_HTTP_RETRIES="${UV_HTTP_RETRIES:-8}" PIP_RETRIES="${PIP_RETRIES:-8}"

# filled writes a URL with the values of the variables in ${}, which are secrets
# of the build: they go into variables, never onto a command line.
filled() {
  rest=$1 out=
  while :; do
    case $rest in *'${'*'}'*) ;; *) break ;; esac
    out=$out${rest%%'${'*} rest=${rest#*'${'}
    name=${rest%%'}'*} rest=${rest#*'}'}
    case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) out=$out'${'$name'}' ;; *) eval "out=\$out\${$name-}" ;; esac
  done
  printf %s "$out$rest"
}
index= extra= count=$#
while [ "$count" -gt 0 ]; do
  option=$1 count=$((count - 1))
  shift
  case $option in
    --index-url=* | --default-index=*) index=$(filled "${option#*=}") ;;
    --extra-index-url=* | --index=*) extra="$extra $(filled "${option#*=}")" ;;
    *) set -- "$@" "$option" ;;
  esac
done
if [ -n "$index" ]; then export PIP_INDEX_URL="$index" UV_DEFAULT_INDEX="$index"; fi
if [ -n "$extra" ]; then
  export UV_INDEX="${extra# } ${UV_INDEX:-${UV_EXTRA_INDEX_URL:-${PIP_EXTRA_INDEX_URL:-}}}"
  export PIP_EXTRA_INDEX_URL="${extra# } ${PIP_EXTRA_INDEX_URL:-}"
fi
# What configures pip's indexes configures uv's, unless uv has its own.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi
if [ -n "${PIP_EXTRA_INDEX_URL:-}" ] && [ -z "${UV_INDEX:-}${UV_EXTRA_INDEX_URL:-}" ]; then export UV_INDEX="$PIP_EXTRA_INDEX_URL"; fi

if [ "$installer" = pip ]; then
  cache=/tmp/.stack-cache/pip
  if [ "$task" = run ]; then
    if [ -w "$cache" ]; then export PIP_CACHE_DIR="$cache"; else export PIP_NO_CACHE_DIR=1; fi
    exec /bin/sh -ec "$what"
  fi
  need_pip
  if [ -w "$cache" ]; then set -- --cache-dir "$cache" "$@"; else set -- --no-cache-dir "$@"; fi
  exec "$python" -m pip install "$@" -r "$what"
fi

# uv: the image's own, else one that is not left in the image.
cache=/tmp/.stack-cache/uv
uv=$(command -v uv || true)
# What uv leaves in its temporary folder and beside its credentials is not to be
# in the image, and its locks are not for other builds.
if [ -w "$cache" ]; then scratch=$(mktemp -d "$cache/scratch-XXXXXX"); else scratch=$(mktemp -d); fi
trap 'rm -rf "$scratch"' EXIT
export UV_CREDENTIALS_DIR="$scratch/credentials"
if [ -z "$uv" ] && [ -n "$python" ] && { [ "$task" != run ] || "$python" -m pip --version >/dev/null 2>&1; }; then
  platform=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH") or sysconfig.get_platform())')
  kept=$cache/stack-uv-UV_VERSION-$platform
  uv=$kept/bin/uv
  if ! "$uv" --version >/dev/null 2>&1; then
    need_pip
    # Only this one program comes from pip, and with what configures pip. An index
    # of the packages alone may not have it: then from where pip has it otherwise.
    fetch_uv() { "$python" -m pip install --quiet --no-cache-dir --target "$scratch/uv" uv==UV_VERSION; }
    if [ -z "${PIP_INDEX_URL:-}${PIP_EXTRA_INDEX_URL:-}" ]; then
      fetch_uv
    elif ! fetch_uv 2>"$scratch/said" && ! (unset PIP_INDEX_URL PIP_EXTRA_INDEX_URL && fetch_uv); then
      cat "$scratch/said" >&2
      exit 1
    fi
    uv=$scratch/uv/bin/uv
    if [ -w "$cache" ]; then
      # Builds that run at the same time may have been faster; then theirs is used.
      rm -rf "$scratch/old"
      if [ -e "$kept" ] && ! "$kept/bin/uv" --version >/dev/null 2>&1; then mv "$kept" "$scratch/old" || true; fi
      if [ ! -e "$kept" ] && mv "$scratch/uv" "$kept" 2>/dev/null; then uv=$kept/bin/uv; fi
    fi
  fi
fi

case $task in
  run)
    if [ -n "$uv" ]; then PATH=$PATH:${uv%/*}; fi
    if [ -w "$cache" ]; then export UV_CACHE_DIR="$cache/cache" UV_LINK_MODE=copy; else export UV_NO_CACHE=1; fi
    export UV_SYSTEM_PYTHON=1 UV_BREAK_SYSTEM_PACKAGES=1 PIP_NO_CACHE_DIR=1
    TMPDIR=$scratch /bin/sh -ec "$what"
    ;;
  sync)
    if [ -w "$cache" ]; then set -- --cache-dir "$cache/cache" --link-mode copy "$@"; else set -- --no-cache "$@"; fi
    UV_PROJECT_ENVIRONMENT=$("$python" -c 'import sys; print(sys.prefix)')
    export UV_PROJECT_ENVIRONMENT
    TMPDIR=$scratch "$uv" sync --project "$what" --frozen --inexact --no-install-project --no-install-workspace --no-install-local \
      --no-python-downloads --python "$python" "$@"
    ;;
  *)
    if [ -w "$cache" ]; then set -- --cache-dir "$cache/cache" --link-mode copy "$@"; else set -- --no-cache "$@"; fi
    TMPDIR=$scratch "$uv" pip install --python "$python" --break-system-packages "$@" -r "$what"
    ;;
esac
