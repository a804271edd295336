#!/usr/bin/env bash
# Does to the program what the world will do to it, at length, and keeps a table of what came of it.
#
#     tests/soak.sh [PART...]
#
# A part is a file of tests/soak/, of at most 20 minutes; all of them by default, which is two
# hours. fuzz-NAME is one of the fuzzers, and no part of "all". Everything happens in build/soak;
# a part's rows stay there until it runs again. SEED repeats what a part draws.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh

parts=("$@")
if ((${#parts[@]} == 0)); then
  for file in tests/soak/*.sh; do
    part=$(basename "$file" .sh)
    [[ $part == common || $part == fuzz ]] || parts+=("$part")
  done
fi

install_missing "build co2net and try its endurance" "${build_packages[@]}" "${test_packages[@]}" "${soak_packages[@]}"
mkdir -p "$soak/rows"
failed=()
for part in "${parts[@]}"; do
  file=tests/soak/${part%%-*}.sh
  if [[ ! -e $file ]]; then
    echo "tests/soak.sh: there is no part $part" >&2
    exit 2
  fi
  echo "== $part (SEED=$SEED)"
  rm -f "$soak/rows/$part"
  PART=$part timeout --kill-after=10 20m "$file" || failed+=("$part")
done

echo
table
if ((${#failed[@]} > 0)); then
  echo "Failed: ${failed[*]}" >&2
  exit 1
fi
