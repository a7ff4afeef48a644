#!/bin/sh
# Prints the image that a build starts from.   base-image.sh [--local | --default | --fallback]
#
# The Dockerfile's own default, if it is here; else the one that provisioning made; else the default
# again, which the engine then pulls. With --local nothing is left to pull: exit code 1 if neither is here.
set -eu
cd "$(dirname "$0")/.."

default=$(sed -n 's/^ARG PYTHON_IMAGE=//p' streamlit/Dockerfile)
fallback=aicmo-python-base:bookworm # also [image] fallback_base in verify.toml

# A deadline, as an engine that hangs would hang us.
is_here() { timeout 10 docker image inspect "$1" >/dev/null 2>&1; }

case "${1:-}" in
--default) echo "$default" ;;
--fallback) echo "$fallback" ;;
*)
    if is_here "$default"; then
        echo "$default"
    elif is_here "$fallback"; then
        echo "$fallback"
    elif [ "${1:-}" = --local ]; then
        exit 1
    else
        echo "$default"
    fi
    ;;
esac
