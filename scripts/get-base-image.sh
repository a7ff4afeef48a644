#!/bin/sh
# Gets an image with Python for the build to start from.   get-base-image.sh
#
# Pulls the Dockerfile's default. Where no registry answers, makes a Debian with Python from the packages
# that this machine's apt gets, and imports it under a name of its own; builds then use that one.
# Exit code 1: neither worked, and the reader knows why.
set -eu
cd "$(dirname "$0")/.."

suite=bookworm
packages=python3,python3-venv,python3-pip,ca-certificates
default=$(scripts/base-image.sh --default)
fallback=$(scripts/base-image.sh --fallback)

if [ "$PROVISION" = 0 ]; then
    echo "set-up: no base image is here, and PROVISION=0 forbids to get one. By hand: docker pull $default"
    exit 1
fi
echo "set-up: pulling $default"
if error=$(timeout 120 docker pull --quiet "$default" 2>&1); then exit 0; fi
echo "set-up: it cannot be pulled (${error:-no answer within 120 seconds})"

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "set-up: cannot make one instead: that takes root and apt. Run: sudo scripts/provision.sh"
    exit 1
fi
if ! command -v mmdebstrap >/dev/null || ! [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    scripts/apt-install.sh "mmdebstrap" mmdebstrap debian-archive-keyring || exit 1
fi

# The mirrors this machine's Debian is installed from, asked for our release. Empty on other systems:
# mmdebstrap then takes its own default.
mirrors=$(
    # shellcheck source=/dev/null
    . /etc/os-release
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' |
        sed -n "s/ ${VERSION_CODENAME:-none}\(-security\|-updates\)\{0,1\} / $suite\1 /p" | sort -u
)

echo "set-up: making $fallback instead (Debian $suite with Python; takes about half a minute)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Networks that inspect TLS sign with a certificate of their own. Whatever this machine and its pip trust,
# a build has to trust as well, and pip has to be told so.
bundle=/etc/ssl/certs/ca-certificates.crt
printf '%s\n' "$bundle" "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" | sort -u | while read -r file; do
    if [ -s "$file" ]; then cat "$file"; fi
done >"$work/bundle.crt"
set -- --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*'
if [ -s "$work/bundle.crt" ]; then
    set -- "$@" --customize-hook="upload $work/bundle.crt $bundle"
fi

if ! printf '%s\n' "$mirrors" | TMPDIR="$work" mmdebstrap --variant=minbase --include="$packages" "$@" \
    "$suite" "$work/base.tar" ${mirrors:+-} >"$work/log" 2>&1; then
    tail -n 15 "$work/log"
    echo "set-up: mmdebstrap failed (its last lines are above)"
    exit 1
fi
docker import \
    --change "ENV PIP_CERT=$bundle SSL_CERT_FILE=$bundle" \
    --change "LABEL org.opencontainers.image.title=\"Debian $suite with Python\"" \
    --change 'LABEL org.opencontainers.image.description="Made by scripts/provision.sh because no image registry answered; trusts what the machine that made it trusts"' \
    --message "mmdebstrap --variant=minbase --include=$packages $suite" \
    "$work/base.tar" "$fallback" >/dev/null
