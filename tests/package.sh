#!/usr/bin/env bash
# Installs a package of co2net in a bare Debian, as a person without a compiler would, and tries
# what came with it: the program on drawn videos with the sample model, completions, the manual;
# then removes it, and looks whether any of it is left. As root.
#
#     tests/package.sh bookworm|trixie PACKAGE.deb        needs samples/demo.sh to have drawn videos
#
# samples/package.sh makes the package; for another release,
# tests/clean_root.sh trixie samples/package.sh. The system is build/root-package-<release>.
set -euo pipefail
release=$1
package=$(realpath -e "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/root.sh
source samples/root.sh
root=$PWD/build/root-package-$release

# In the bare system.
try_package() {
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends man-db >/dev/null
  apt-get -qq install -y --no-install-recommends /root/co2net.deb >/dev/null
  co2net --version
  co2net run /videos --model /usr/share/co2net/sample-model --no-cache -o /tmp/results.json
  co2net eval /tmp/results.json --ground-truth /videos/annotations.json
  co2net report /tmp/results.json --ground-truth /videos/annotations.json -o /tmp/report
  test -s /tmp/report/index.html

  man --path co2net
  test "$(man co2net | head -1 | grep -c CO2NET)" = 1
  for file in bash-completion/completions/co2net fish/vendor_completions.d/co2net.fish zsh/vendor-completions/_co2net; do
    test -s "/usr/share/$file"
  done
  bash -c "source /usr/share/bash-completion/completions/co2net; complete -p co2net"
  ldd /usr/bin/co2net /usr/libexec/co2net/co2net | (! grep "not found")

  test -z "$(dpkg --verify co2net)"
  dpkg -L co2net >/tmp/installed
  apt-get -qq purge -y co2net >/dev/null
  while read -r file; do
    if [[ -f $file || $file == *co2net* && -e $file ]]; then
      echo "Left behind: $file" >&2
      return 1
    fi
  done </tmp/installed
  echo "Installed, tried and removed: $(cat /etc/debian_version)"
}

make_root "$release" "$root"
cp "$package" "$root/root/co2net.deb"
in_root "$root" "$(declare -f try_package); try_package" "$PWD/build/demo/videos" /videos
