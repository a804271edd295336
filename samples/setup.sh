# Debian packages that the scripts need, and their installation. Sourced, not run.
# shellcheck shell=bash

# shellcheck disable=SC2034  # read by the scripts that source this file
build_packages=(
  g++ cmake ninja-build pkg-config
  libtorch-dev libopenblas0-pthread # without OpenBLAS libtorch falls back on the slow reference BLAS
  libopencv-dev libopencv-contrib-dev
  libavcodec-dev libavfilter-dev libavformat-dev libavutil-dev libswscale-dev
  libboost-program-options-dev libdnnl-dev libfontconfig-dev libhwy-dev libpugixml-dev librsvg2-dev libsimdjson-dev libspdlog-dev libssl-dev libtbb-dev libxxhash-dev libzip-dev
  zlib1g-dev nlohmann-json3-dev
  opencl-c-headers # the library itself is loaded where it is there
  fonts-dejavu-core # that of figures as PNG
)
# shellcheck disable=SC2034
# fish, groff-base and zsh read what is printed for them; PoCL is OpenCL on a CPU.
test_packages=(git libgtest-dev ffmpeg fish groff-base jq ocl-icd-libopencl1 pocl-opencl-icd python3 python3-lxml python3-numpy python3-pip python3-torch zsh)
# shellcheck disable=SC2034
check_packages=(clang-format-14 clang-tidy-16 shellcheck)

# clang 14, its sanitizers and libFuzzer, and who writes the seeds.
# shellcheck disable=SC2034
fuzz_packages=(clang-14 libclang-rt-14-dev python3 python3-numpy python3-torch)

# install_missing PURPOSE PACKAGE...: installs the packages that are absent, saying so in one line;
# without the right to do that, fails with the command to run.
install_missing() {
  local purpose=$1 installed package missing=() as_root=()
  shift
  # shellcheck disable=SC2016  # dpkg-query's variables
  installed=$(dpkg-query -W -f '${Package}:${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "$package:installed" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0

  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      echo "To $purpose, first run: sudo apt-get update && sudo ${install[*]}" >&2
      return 1
    fi
  fi
  echo "Installing from Debian, to $purpose: ${missing[*]}"
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" -qq >/dev/null
}
