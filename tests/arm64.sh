#!/usr/bin/env bash
# Flow, the kernels of I3D and postprocess on arm64: compiles them and their tests by Debian's cross
# compiler, and runs the tests by QEMU. As root, in a bare Debian 12 of its own, build/root-arm64;
# MIRROR as for clean_root.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" != --in-root ]; then
  if [ -e ../shared ]; then export SHARED=../shared; fi
  NAME=arm64 exec tests/clean_root.sh bookworm "tests/arm64.sh --in-root"
fi
# shellcheck source=samples/setup.sh
source samples/setup.sh

libraries=()
for package in "${build_packages[@]}" libgtest-dev; do
  case $package in
    libtorch-dev) ;; # needs an arm64 Python, which could not run while it is installed
    opencl-c-headers) libraries+=("$package") ;; # of no architecture
    *-dev) libraries+=("$package:arm64") ;;
  esac
done
dpkg --add-architecture arm64
install_missing "test for arm64" crossbuild-essential-arm64 cmake ninja-build pkg-config \
  python3-numpy qemu-user "${libraries[@]}"
cmake --preset arm64
cmake --build --preset arm64
failed=0
for program in flow_tests conv_kernels_tests postprocess_tests postprocess_golden_tests; do
  qemu-aarch64 -cpu max "build/arm64/tests/$program" || failed=1
done
exit "$failed"
