#!/usr/bin/env bash
# From nothing but Debian: makes the smallest system of a release in a folder, clones the committed
# state of this repository into it, and runs samples/demo.sh and tests/run.sh there. As root.
#
#     tests/clean_root.sh [bookworm|trixie [COMMAND]]        COMMAND: instead of these two
#
# The system is build/root-<release>, or build/root-NAME, made anew each time. MIRROR: where packages
# come from. SHARED: the folder to be seen as ../shared there, if any.
set -euo pipefail
suite=${1:-bookworm}
command=${2:-"samples/demo.sh && tests/run.sh"}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
root=$PWD/build/root-${NAME:-$suite}
if ((EUID != 0)); then
  echo "Only root can make a system to change into: sudo tests/clean_root.sh" >&2
  exit 1
fi

install_missing "make a bare Debian" debootstrap git
rm -rf --one-file-system "$root"
debootstrap --variant=minbase "$suite" "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log"
git -c safe.directory="$PWD/.git" clone --quiet --no-hardlinks . "$root/root/co2net"
cp /etc/resolv.conf "$root/etc/"
# How this machine reaches its packages, where that is by a proxy.
grep -hsi '^ *acquire::https\?::proxy' -r /etc/apt/apt.conf /etc/apt/apt.conf.d >"$root/etc/apt/apt.conf.d/proxy" || true

# In a mount namespace of its own, so that nothing stays mounted.
# shellcheck disable=SC2016  # expanded within
unshare --mount -- bash -euc '
  mount -t proc proc "$0/proc"
  mount -t sysfs -o ro sysfs "$0/sys"
  mount --rbind /dev "$0/dev"
  if [ -n "$2" ]; then
    mkdir "$0/root/shared"
    mount --bind -o ro "$2" "$0/root/shared"
  fi
  exec chroot "$0" env HOME=/root LC_ALL=C.UTF-8 bash -euc "cd /root/co2net; $1"
' "$root" "$command" "${SHARED:-}"
