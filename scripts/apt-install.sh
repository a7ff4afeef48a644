#!/bin/sh
# Installs Debian packages, or says what to type.   apt-install.sh WHAT-IS-MISSING PACKAGE...
# Exit code 0: installed. 1: not, and the reader knows how to.
set -eu

missing=$1
shift
needed="apt-get update && apt-get install -y --no-install-recommends $*"

if ! command -v apt-get >/dev/null; then
    echo "set-up: $missing is missing. Install it with this system's package manager (Debian calls it: $*)."
    exit 1
elif [ "${PROVISION:-1}" = 0 ]; then
    echo "set-up: $missing is missing, and PROVISION=0 forbids to install it. By hand, as root: $needed"
    exit 1
elif [ "$(id -u)" != 0 ]; then
    echo "set-up: $missing is missing. Install it with: sudo sh -c '$needed'"
    exit 1
fi

echo "set-up: installing $*"
# needrestart would restart other people's services, and a configuration file may never ask a question.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Two set-ups may get here at once, and apt waits for others only while it installs. A service that a
# package starts must not inherit the lock: hence 9>&-.
exec 9>"/run/lock/aicmo-apt.lock"
flock 9
if ! apt-get -q update </dev/null >"$log" 2>&1 9>&-; then
    tail -n 3 "$log"
    echo "set-up: the package lists could not be refreshed (above); going on with those that are here"
fi
if ! apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@" </dev/null >"$log" 2>&1 9>&-; then
    tail -n 15 "$log"
    echo "set-up: apt could not install $* (its last lines are above)"
    exit 1
fi
