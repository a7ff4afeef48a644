#!/bin/sh
# Installs an ssh server and client for the tests of ssh://; nothing listens afterwards.
# Exit code 0: they are here. 1: not, and the reader knows how to add them.
set -eu

PATH=$PATH:/usr/sbin
command -v sshd >/dev/null && command -v ssh >/dev/null && exit 0

# The package starts a server for everybody; masked, it does not: with systemd by the link, elsewhere by
# the run level. The tests start their own, on loopback.
if [ "$(id -u)" = 0 ] && [ "${PROVISION:-1}" != 0 ] && [ ! -e /etc/systemd/system/ssh.service ]; then
    mkdir -p /etc/systemd/system
    ln -s /dev/null /etc/systemd/system/ssh.service
fi
RUNLEVEL=1 exec "$(dirname "$0")/apt-install.sh" "sshd" openssh-server openssh-client
