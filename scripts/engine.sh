#!/bin/sh
# Gets a container engine to answer at $DOCKER_HOST.   engine.sh
# Exit code 0: one answers. 1: none does, and the reader knows why and what to type.
set -eu
cd "$(dirname "$0")/.."

run=${AICMO_RUN_DIR:-/var/run}
log=${AICMO_LOG_DIR:-/var/log}/aicmo-dockerd.log
socket=/var/run/docker.sock
deadline=60 # seconds for the daemon to answer

answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# A process that ended but that nobody has waited for yet still takes signals: hence not `kill -0`.
alive() { grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"; }

# A killed daemon leaves its pid file behind. If another process has that number by now, or the dead one
# was never waited for and still has its name there, the next daemon believes it is running already and refuses to start (or waits for ever for its containerd).
remove_stale() {
    pid=$(cat "$2" 2>/dev/null) || return 0
    if alive "$pid" && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]; then return 0; fi
    rm -f "$2"
}

wait_until_it_answers() {
    end=$(($(date +%s) + deadline))
    until answers; do
        alive "$1" || return 1
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.1
    done
}

start() {
    if [ -d /run/systemd/system ]; then
        echo "set-up: starting docker (systemd)"
        systemctl start docker && answers && return
        journalctl -u docker -n 15 --no-pager || :
        return 1
    fi
    # Twice: a daemon that was there at first may have been about to end.
    for _ in 1 2; do
        remove_stale dockerd "$run/docker.pid"
        remove_stale containerd "$run/docker/containerd/containerd.pid"
        daemon=$(cat "$run/docker.pid" 2>/dev/null || :)
        if [ -z "$daemon" ]; then
            echo "set-up: starting dockerd, log in $log"
            # It outlives this script: its own session, none of our files, above all not provisioning's lock (9).
            setsid dockerd </dev/null >"$log" 2>&1 9>&- &
            daemon=$!
        fi
        wait_until_it_answers "$daemon" && return
        if alive "$daemon"; then break; fi
    done
    tail -n 15 "$log"
    return 1
}

if answers; then exit 0; fi

if [ "${DOCKER_HOST:-unix://$socket}" != "unix://$socket" ]; then
    echo "set-up: no container engine answers at DOCKER_HOST=$DOCKER_HOST. Start it, or unset DOCKER_HOST."
    exit 1
fi
if [ -S "$socket" ] && ! [ -w "$socket" ]; then
    echo "set-up: $(id -un) may not use the container engine. Run: sudo usermod -aG docker $(id -un)   and log in again."
    exit 1
fi
if ! command -v docker >/dev/null || ! command -v dockerd >/dev/null; then
    # What docker.io merely recommends and a build cannot do without: certificates.
    scripts/apt-install.sh "a container engine" docker.io ca-certificates || exit 1
    # From Debian 13 on the command is a package of its own.
    command -v docker >/dev/null || scripts/apt-install.sh "the docker command" docker-cli || exit 1
    if answers; then exit 0; fi
fi
if [ "$PROVISION" = 0 ]; then
    echo "set-up: no container engine answers, and PROVISION=0 forbids to start one. By hand, as root: service docker start"
    exit 1
elif [ "$(id -u)" != 0 ]; then
    echo "set-up: no container engine answers. Start it with: sudo service docker start"
    exit 1
elif ! start; then
    echo "set-up: docker did not start, or did not answer within $deadline seconds (its last lines are above)"
    exit 1
fi
