#!/bin/sh
# Downloads the browser of the toolkit's own Playwright.   get-browser.sh
# Exit code 0: it is there. 1: it is not, and the reader knows why.
set -eu
cd "$(dirname "$0")/.."

patience=900 # seconds for about 100 megabytes

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

echo "set-up: downloading a browser"
# 9: the lock of whoever calls this, which nothing that stays may inherit.
if ! timeout $patience .venv-verify/bin/playwright install --only-shell chromium </dev/null >"$log" 2>&1 9>&-; then
    grep -m 1 -i error "$log" || tail -n 3 "$log"
    echo "set-up: the browser could not be downloaded (above)"
    exit 1
fi
