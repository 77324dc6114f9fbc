# Makes the user named exist and own the work directory: USER[:GROUP] WORKDIR
set -e
user=${1%%:*} group= workdir=$2
case $1 in *:*) group=${1#*:} ;; esac
number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }
has() { cut -d: -f1 "$1" 2>/dev/null | grep -Fqx -- "$2"; }

if [ -n "$group" ] && ! number "$group" && ! has /etc/group "$group"; then
  if command -v groupadd >/dev/null 2>&1; then groupadd "$group"
  elif command -v addgroup >/dev/null 2>&1; then addgroup "$group"
  else
    echo "stack: the base image lacks the group $group and has no groupadd to make it; use a number" >&2
    exit 1
  fi
fi
if ! number "$user" && ! has /etc/passwd "$user"; then
  primary=$group
  if [ -z "$primary" ] && has /etc/group "$user"; then primary=$user; fi
  if command -v useradd >/dev/null 2>&1; then
    if [ -n "$primary" ]; then useradd --create-home --gid "$primary" "$user"
    else useradd --create-home --user-group "$user"; fi
  elif command -v adduser >/dev/null 2>&1; then
    if number "$primary"; then
      echo "stack: the base image has no useradd to make the user $user in the group $primary; name the group, or use a number for the user" >&2
      exit 1
    fi
    if [ -n "$primary" ]; then adduser -D -G "$primary" "$user"; else adduser -D "$user"; fi
  else
    echo "stack: the base image lacks the user $user and has no useradd to make it; use a number" >&2
    exit 1
  fi
fi
if [ -z "$group" ]; then
  if number "$user"; then group=$user; else group=$(id -g "$user"); fi
fi
mkdir -p "$workdir"
chown -R "$user:$group" "$workdir"
