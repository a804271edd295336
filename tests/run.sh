#!/usr/bin/env bash
# Installs what is missing, builds everything, runs every test, and names those that were skipped,
# with their reasons. Arguments go to cmake: tests/run.sh -DCO2NET_WERROR=ON
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh

install_missing "build and test co2net" "${build_packages[@]}" "${test_packages[@]}"
cmake --preset release -DBUILD_TESTING=ON "$@"
cmake --build --preset release
rm -rf build/release/reports
failed=0
ctest --preset release -j "$(nproc)" || failed=1
/usr/bin/python3 -B tests/skips.py build/release || failed=1
exit "$failed"
