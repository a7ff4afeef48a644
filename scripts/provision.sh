#!/bin/sh
# Sees to it that a container engine answers and that a base image is there.   [PROVISION=0] provision.sh
#
# Silent when there is nothing to do. An engine that answers is never touched. Where something cannot be
# had, it says what to type and ends well all the same: `verify` then skips the stages that need it and
# calls the verdict inconclusive. PROVISION=0: look and tell, but install, start and download nothing.
set -eu
cd "$(dirname "$0")/.."

# The same engine that the toolkit talks to: a context chosen for the docker command does not count.
export DOCKER_HOST="${DOCKER_HOST:-unix:///var/run/docker.sock}"
export PROVISION="${PROVISION:-1}"

if scripts/base-image.sh --local >/dev/null; then exit 0; fi

# Engine and base image belong to the machine, so two checkouts wait for each other too.
if [ -w /run/lock ]; then locks=/run/lock; else mkdir -p build && locks=build; fi
exec 9>"$locks/aicmo-provision-$(id -u).lock"
flock 9

if ! scripts/engine.sh; then
    echo "set-up: going on without a container engine; what needs one will be skipped"
elif ! scripts/base-image.sh --local >/dev/null && ! scripts/get-base-image.sh; then
    echo "set-up: going on without a base image; the image cannot be built"
fi
