#!/bin/sh
# Sees to it that there is a browser to look at the page with.   [PROVISION=0] browser.sh
#
# Silent when there is one. Where none can be had, it says what to type and ends well all the same:
# `verify` then skips what needs one and calls the verdict inconclusive. PROVISION=0: look and tell,
# but install and download nothing.
set -eu
cd "$(dirname "$0")/.."

tools=.venv-verify/bin
download="$tools/playwright install --only-shell chromium"

# The toolkit itself says what it would look with: one rule, in one place.
found() { $tools/python -m verify.probes.browser >/dev/null 2>&1; }

# There is no system whose name would matter but one: on Ubuntu the package is an empty one for a snap.
debian() { grep -qs '^ID=debian$' "${AICMO_OS_RELEASE:-/etc/os-release}" && command -v apt-get >/dev/null; }

without() {
    echo "set-up: going on without a browser; what needs one will be skipped"
    exit 0
}

if ! [ -x $tools/playwright ]; then
    echo "set-up: whether there is a browser cannot be told before \`make setup\` has made .venv-verify"
    without
fi
if found; then exit 0; fi

if [ -n "${VERIFY_BROWSER:-}" ]; then
    echo "set-up: VERIFY_BROWSER=$VERIFY_BROWSER is not a browser that starts. Name another one, or unset it."
    without
elif [ "${PROVISION:-1}" = 0 ]; then
    echo "set-up: a browser is missing, and PROVISION=0 forbids to download one. By hand: $download"
    without
fi

# A browser belongs to the user or to the machine, so two checkouts wait for each other too.
if [ -w /run/lock ]; then locks=/run/lock; else mkdir -p build && locks=build; fi
exec 9>"$locks/aicmo-browser-$(id -u).lock"
flock 9
if found; then exit 0; fi

if scripts/get-browser.sh; then
    if found; then exit 0; fi
    echo "set-up: the downloaded browser does not start; it may lack libraries of this system"
fi
if debian && scripts/apt-install.sh "a browser" chromium-headless-shell && found; then exit 0; fi

echo "set-up: to add a browser: sudo $download --with-deps   or install Chromium or Chrome as this system does it"
without
