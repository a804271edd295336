#!/usr/bin/env bash
# Tries the images of samples/image.sh as a user without rights on a machine without co2net: takes
# each apart and runs it by bubblewrap on a read-only root, on the videos that samples/demo.sh drew.
# The results must be those of the program in build/release. As root, which it lays down.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
install_missing "try images" bubblewrap jq squashfs-tools
image=$PWD/build/image
videos=$PWD/build/demo/videos
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder"

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
in_image() { # FOLDER COMMAND...
  as_nobody bwrap --unshare-all --ro-bind "$1" / --dev /dev --proc /proc --tmpfs /tmp \
    --ro-bind "$videos" /mnt --bind "$folder" /data "${@:2}"
}

as_nobody unsquashfs -quiet -no-progress -no-xattrs -d "$folder/squashfs" "$image/co2net.sqfs" >"$folder/log" 2>&1 ||
  [[ -x $folder/squashfs/usr/bin/co2net ]] # it cannot make device files

blob() { tar -xOf "$image/co2net.oci.tar" "blobs/${1/://}"; }
manifest=$(blob "$(tar -xOf "$image/co2net.oci.tar" index.json | jq -r '.manifests[0].digest')")
test "$(blob "$(jq -r .config.digest <<<"$manifest")" | jq -c .config.Entrypoint)" = '["co2net"]'
mkdir -m 777 "$folder/oci"
for layer in $(jq -r '.layers[].digest' <<<"$manifest"); do
  blob "$layer" | as_nobody tar -xz --no-same-owner -C "$folder/oci" --exclude './dev/*' --exclude 'dev/*'
done

build/release/cli/co2net run "$videos" --model samples/model --no-cache --format csv -o "$folder/want.csv" --log-level warning
for kind in squashfs oci; do
  in_image "$folder/$kind" co2net run /mnt --model /usr/share/co2net/sample-model --cache /data/cache --format csv -o "/data/$kind.csv" --log-level warning
  cmp "$folder/$kind.csv" "$folder/want.csv"
  rm -r "$folder/cache"
  echo "$kind: the same results"
done
