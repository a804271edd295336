#!/usr/bin/env bash
# Makes images of co2net with all that it needs, for machines that are no Debian or where nobody may
# install: build/image/co2net.sqfs, a squashfs that Apptainer runs, and build/image/co2net.oci.tar, an
# OCI archive that Podman loads. As root; whoever uses them need not be.
#
#     samples/image.sh [PACKAGE.deb]        PACKAGE: of samples/package.sh, which otherwise makes it
#
# What is in them is a bare Debian of this machine's release, and the package. MIRROR: where Debian's
# packages come from.
set -euo pipefail
package=${1:+$(realpath -e "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/root.sh
source samples/root.sh
image=$PWD/build/image
root=$image/root
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

install_missing "make images" buildah squashfs-tools
if [[ -z $package ]]; then
  samples/package.sh
  package=$(echo "$PWD"/build/release/co2net_*.deb)
fi
SOURCE_DATE_EPOCH=$(git -c safe.directory="$PWD" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# In the bare system.
fill() {
  local recommended
  apt-get -qq update
  recommended=$(dpkg-deb -f /root/co2net.deb Recommends)
  # shellcheck disable=SC2086  # several packages
  apt-get -qq install -y --no-install-recommends /root/co2net.deb ${recommended//,/} >/dev/null
  apt-get clean
  rm -rf /root/co2net.deb /var/lib/apt/lists/* /var/log/* /var/cache/*/* /etc/apt/apt.conf.d/proxy /etc/resolv.conf
  : >/etc/machine-id
  mkdir /data
}

make_root "$release" "$root"
cp "$package" "$root/root/co2net.deb"
in_root "$root" "$(declare -f fill); fill"

rm -f "$image"/co2net.*
mksquashfs "$root" "$image/co2net.sqfs" -quiet -no-progress -comp zstd -noappend

buildah() { command buildah --log-level error --root "$image/storage" --runroot "$image/run" --storage-driver vfs "$@"; }
container=$(buildah from scratch)
buildah copy --quiet "$container" "$root" / >/dev/null
buildah config --entrypoint '["co2net"]' --env LC_ALL=C.UTF-8 "$container"
buildah commit --quiet --disable-compression=false --timestamp "$SOURCE_DATE_EPOCH" "$container" "oci-archive:$image/co2net.oci.tar:co2net" >/dev/null
buildah rm "$container" >/dev/null
rm -rf "$image/storage" "$image/run" "$root"
ls -lh "$image"/co2net.*
