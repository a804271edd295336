#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test; the exit code is ctest's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh

install_missing "build and test co2net" "${build_packages[@]}" "${test_packages[@]}"
cmake --preset release -DBUILD_TESTING=ON
cmake --build --preset release
exec ctest --preset release -j "$(nproc)"
