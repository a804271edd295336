#!/usr/bin/env bash
# clang-tidy over every file, warnings as errors; with --without-torch only over those that do not
# see torch's headers, which take it half a minute each. JOBS: how many at once.
#
#     tests/tidy.sh [--without-torch] [PATTERN]        PATTERN: of the files' names (grep -E)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
install_missing "look at co2net with clang-tidy" "${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"
without=
if [[ ${1-} == --without-torch ]]; then
  without=torch/csrc/api/include
  shift
fi
pattern=${1-.}

cmake --preset tidy >/dev/null
jq -r --arg root "$PWD/" --arg without "$without" '.[] | select(.file | startswith($root) and
  (startswith($root + "build/") | not)) | select($without == "" or (.command | contains($without) | not)) |
  .file' build/tidy/compile_commands.json | sort -u | grep -E -- "$pattern" |
  xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-16 --quiet -p build/tidy
