#!/usr/bin/env bash
# Lets the fuzzers of tests/fuzz mutate what the program reads, and says what each reached.
#
#     tests/fuzz.sh [SECONDS [NAME...]]
#
# Each of NAME, by default all of them, runs for SECONDS (30), as many at once as there are cores.
# What they find that reaches further is kept in build/fuzz/grown for the next time, and what fails
# in build/fuzz/found. Where CO2NET_PLANTED_FAULT is set, each has a fault to find from its seeds
# alone, and fails if it does not. SEED repeats what they draw.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh

# fuzz NAME SECONDS: one of them.
fuzz() {
  local dictionary=text options=() start=$EPOCHSECONDS reached
  local seeds=build/fuzz/tests/fuzz/corpus/$1 grown=build/fuzz/grown/$1 log=build/fuzz/logs/$1
  case $1 in npy | npz | pickle | safetensors | zip) dictionary=python_file ;; esac
  if [[ ${CO2NET_PLANTED_FAULT-} ]]; then
    grown=$(mktemp -d)
    trap 'rm -r "$grown"' RETURN
  fi
  mkdir -p "$grown" build/fuzz/found build/fuzz/logs
  options=(-keep_seed=1 -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 "-seed=${SEED:-0}" "-dict=tests/fuzz/$dictionary.dict"
    "-artifact_prefix=build/fuzz/found/$1-")
  if "build/fuzz/tests/fuzz/$1_fuzz" "${options[@]}" "$grown" "$seeds" >"$log" 2>&1; then
    reached=$(sed -nE 's/^#([0-9]+)\s+DONE\s+cov: ([0-9]+) ft: ([0-9]+) .*/\1 runs, coverage \2, features \3/p' "$log")
    echo "$1: $reached"
    [[ ! ${CO2NET_PLANTED_FAULT-} ]]
  elif [[ ${CO2NET_PLANTED_FAULT-} ]] && grep -q 'fault_if' "$log"; then
    echo "$1: found the planted fault after $((EPOCHSECONDS - start)) s"
  else
    echo "$1 failed:" >&2
    grep -v '^#' "$log" | tail -40 >&2
    return 1
  fi
}
export -f fuzz

seconds=${1:-30}
names=("${@:2}")
if ((${#names[@]} == 0)); then
  for file in tests/fuzz/*_fuzz.cpp; do names+=("$(basename "$file" _fuzz.cpp)"); done
fi
install_missing "build the fuzzers" "${build_packages[@]}" "${fuzz_packages[@]}"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c "set -euo pipefail; fuzz {} $seconds"
