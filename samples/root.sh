# A small Debian in a folder, and what runs in it. Sourced, not run; as root, with setup.sh before it.
# shellcheck shell=bash

# make_root RELEASE FOLDER: the smallest system of bookworm or trixie; what was in the folder goes.
# MIRROR: where packages come from.
make_root() {
  local release=$1 root=$2
  if ((EUID != 0)); then
    echo "Only root can make a system to change into: sudo $0" >&2
    return 1
  fi
  install_missing "make a bare Debian" debootstrap
  rm -rf --one-file-system "$root"
  mkdir -p "$(dirname "$root")"
  debootstrap --variant=minbase "$release" "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log"
  cp /etc/resolv.conf "$root/etc/"
  # How this machine reaches its packages, where that is by a proxy.
  grep -hsi '^ *acquire::https\?::proxy' -r /etc/apt/apt.conf /etc/apt/apt.conf.d >"$root/etc/apt/apt.conf.d/proxy" || true
}

# in_root FOLDER COMMAND [READABLE PLACE]: runs a command of bash in it, with the folder READABLE of
# this machine at PLACE there. In a mount namespace of its own, so that nothing stays mounted.
in_root() {
  # shellcheck disable=SC2016  # expanded within
  unshare --mount -- bash -euc '
    mount -t proc proc "$0/proc"
    mount -t sysfs -o ro sysfs "$0/sys"
    mount --rbind /dev "$0/dev"
    if [ -n "$2" ]; then
      mkdir -p "$0$3"
      mount --bind -o ro "$2" "$0$3"
    fi
    exec chroot "$0" env HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -euc "$1"
  ' "$1" "$2" "${3:-}" "${4:-}"
}
