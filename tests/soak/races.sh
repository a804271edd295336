#!/usr/bin/env bash
# Runner, cache and what else works on threads without torch, under ThreadSanitizer; and a short run of the program
# under LeakSanitizer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
work=$soak/races
mkdir -p "$work"

build co2net co2net_draw_actions
cmake --preset tsan >/dev/null
cmake --build --preset tsan --target pipeline_tests >"$soak/build.log"
tests=$(build/tsan/tests/pipeline_tests --gtest_filter='*Cache*:*Stage*:*Chain*:*Lock*:*Files*' --gtest_brief=1 | tee "$work/tsan.log" | sed -nE 's/.*PASSED.*\] ([0-9]+) tests.*/\1/p')
row "tests of runner and cache under ThreadSanitizer" "$tests" "$tests" 0

rm -rf "$work/drawn"
build/release/samples/co2net_draw_actions -o "$work/drawn" --test 2 --seconds 4 --seed "$SEED" >/dev/null
echo "no video" >"$work/drawn/broken.mp4"
# Exit code 23 is the sanitizer's.
wrong=0
leaks() {
  local code=0
  LD_PRELOAD=$(gcc -print-file-name=liblsan.so) "$co2net" "$@" --model samples/model --no-cache --progress off --log-level off 2>"$work/leaks" || code=$?
  if ((code > 1)); then
    tail -20 "$work/leaks"
    wrong=$((wrong + 1))
  fi
}
leaks run "$work/drawn" -o "$work/results.json"
leaks extract "$work/drawn" -o "$work/features"
leaks localize "$work/features" -o "$work/results.json"
leaks run "$work/drawn" --timeout 0.5 -o "$work/results.json"
row "run, extract, localize and time-outs under LeakSanitizer, one video broken" 4 $((4 - wrong)) "$wrong"
((wrong == 0))
