#!/usr/bin/env bash
# fuzz-NAME: one of the fuzzers, for 15 minutes. fuzz-planted: whether each of them finds a planted
# fault within a minute. Part of tests/soak.sh.
set -euo pipefail
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh

name=${PART#fuzz-}
log=$soak/$PART.log
if [[ $name == planted ]]; then
  CO2NET_PLANTED_FAULT=1 tests/fuzz.sh 60 | tee "$log" && failed=0 || failed=1
  found=$(grep -c 'found the planted fault' "$log" || true)
  slowest=$(sed -n 's/.* after \([0-9]*\) s$/\1/p' "$log" | sort -n | tail -1)
  all=$(find tests/fuzz -name '*_fuzz.cpp' | wc -l)
  row "a fault planted in what each fuzzer reads; the slowest found it after ${slowest:-no} s" "$all" "$found" "$((all - found))"
  exit "$failed"
fi

if tests/fuzz.sh 900 "$name" | tee "$log"; then
  reached=$(sed -n "s/^$name: //p" "$log")
  row "15 minutes of mutated $name: $reached" "${reached%% *}" "${reached%% *}" 0
else
  row "15 minutes of mutated $name" - - "what is in build/fuzz/found"
  exit 1
fi
