#!/usr/bin/env bash
# Makes co2net's package for this machine's Debian, build/release/co2net_<version>_<machine>.deb, and
# tells how to install it. The same commit on the same system gives the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
install_missing "make co2net's package" "${build_packages[@]}" dpkg-dev file git

cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target co2net co2net_docs
rm -f build/release/co2net_*.deb
SOURCE_DATE_EPOCH=$(git -c safe.directory="$PWD" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
cpack --config build/release/CPackConfig.cmake -B build/release >build/release/cpack.log
rm -rf build/release/_CPack_Packages
package=$(echo build/release/co2net_*.deb)
echo "To install it: sudo apt-get install ./$package"
