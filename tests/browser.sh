#!/usr/bin/env bash
# The pages that co2net writes, and a first-time user's path, in headless Chromium: every test of
# tests/browser, with the program that is built in build/release. Installs nothing, but says what is
# missing. CO2NET_PICTURES=DIR puts pictures of the pages there, to look at.
#
#     tests/browser.sh [NAME...]        NAME: of a file in tests/browser, without .py
#     tests/browser.sh --package PACKAGE.deb
#
# With a package (samples/package.sh), and as root, the first-time user begins by installing it in a
# bare Debian, and uses it as a user without rights, who can write to one folder alone.
set -euo pipefail
package=
if [[ ${1:-} == --package ]]; then package=$(realpath -e "$2"); set -- first_use; fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/root.sh
source samples/root.sh
packages=(chromium chromium-driver python3-selenium python3-numpy ffmpeg mpv)
if [[ -n $package ]]; then packages+=(bubblewrap debootstrap); fi

missing=()
for name in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
done
if ((${#missing[@]} > 0)); then
  echo "Missing, to test pages: apt-get install ${missing[*]}" >&2
  exit 1
fi
export CO2NET_PROGRAM=$PWD/build/release/cli/co2net CO2NET_MODEL=$PWD/samples/model
draw=$PWD/build/release/samples/co2net_draw_actions
for program in "$CO2NET_PROGRAM" "$draw"; do
  if [[ ! -x $program ]]; then
    echo "Missing: $program; cmake --preset release && cmake --build --preset release --target co2net co2net_draw_actions" >&2
    exit 1
  fi
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CO2NET_FOLDER=$folder/work CO2NET_VIDEOS=$folder/videos
mkdir "$CO2NET_FOLDER"
"$draw" -o "$CO2NET_VIDEOS" --test 3 --seconds 10 --seed 77

install_package() {
  local root=$PWD/build/root-first-use
  make_root "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root"
  cp "$package" "$root/root/co2net.deb"
  in_root "$root" 'apt-get -qq update && apt-get -qq install -y /root/co2net.deb >/dev/null'
  chmod 755 "$folder"
  chmod 777 "$CO2NET_FOLDER"
  CO2NET_MODEL=/usr/share/co2net/sample-model
  CO2NET_PROGRAM=$folder/co2net
  cat >"$CO2NET_PROGRAM" <<END
#!/bin/sh
chmod -R a+rX "$CO2NET_FOLDER"  # what the browser saves is root's
exec setpriv --reuid=65534 --regid=65534 --clear-groups bwrap --unshare-all --ro-bind "$root" / --dev /dev --proc /proc --tmpfs /tmp \
  --ro-bind "$CO2NET_VIDEOS" "$CO2NET_VIDEOS" --bind "$CO2NET_FOLDER" "$CO2NET_FOLDER" co2net "\$@"
END
  chmod 755 "$CO2NET_PROGRAM"
}
if [[ -n $package ]]; then install_package; fi

names=("$@")
if ((${#names[@]} == 0)); then
  for file in tests/browser/*.py; do
    names+=("$(basename "$file" .py)")
  done
fi
failed=()
for name in "${names[@]}"; do
  echo "== $name"
  PYTHONPATH=samples /usr/bin/python3 -B "tests/browser/$name.py" || failed+=("$name")
done
if ((${#failed[@]} > 0)); then
  echo "Failed: ${failed[*]}" >&2
  exit 1
fi
