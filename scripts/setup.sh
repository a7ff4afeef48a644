#!/bin/sh
# Makes the two virtual environments, with a Python that can.   [PYTHON=python3.12] [SETUP=0] setup.sh
# Silent when there is nothing to do. SETUP=0: makes nothing, and fails when there is something to do.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
    # A name that somebody chose is not ours to install.
    [ "$python" = python3 ] || { echo "set-up: there is no $python; PYTHON= has to name a Python 3.11 or newer" && exit 1; }
    scripts/apt-install.sh "Python 3.11 or newer" python3 python3-venv || exit 1
fi
exec "$python" -I -S -B scripts/environments.py
