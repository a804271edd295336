#!/usr/bin/env bash
# Runner, cache and what else works on threads without torch, under ThreadSanitizer; and a short run of the program
# under LeakSanitizer.
# shellcheck disable=SC2317  # what check calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh

build tsan pipeline_tests
prepare co2net co2net_draw_actions
check "a race" build/tsan/tests/pipeline_tests --gtest_filter='*Cache*:*Stage*:*Chain*:*Lock*:*File*:*Temporary*:*Explain*' --gtest_brief=1
sum_up "tests of runner and cache under ThreadSanitizer" "$(sed -nE 's/.*\] ([0-9]+) tests? from .* ran.*/\1/p' "$work/lost.log")"

draw "$work/drawn" 2 6
echo "no video" >"$work/drawn/broken.mp4"
# without_leaks COMMAND...: exit code 23 is the sanitizer's.
without_leaks() {
  local code=0
  LD_PRELOAD=$(gcc -print-file-name=liblsan.so) "$co2net" "$@" --model samples/model --no-cache --progress off --log-level off || code=$?
  ((code <= 1))
}
# So that no silence is taken for a good sign.
g++ -x c++ -o "$work/leak" - <<<'int main() { volatile char* lost = new char[9]; lost = nullptr; return lost != nullptr; }'
sees_leaks() {
  local code=0
  LD_PRELOAD=$(gcc -print-file-name=liblsan.so) "$work/leak" || code=$?
  ((code == 23))
}
check "a leak is not seen" sees_leaks
check "run" without_leaks run "$work/drawn" -o "$work/results.json"
check "extract" without_leaks extract "$work/drawn" -o "$work/features"
check "localize" without_leaks localize "$work/features" -o "$work/results.json"
check "a time-out" without_leaks run "$work/drawn" --timeout 0.5 -o "$work/results.json"
sum_up "run, extract, localize and time-outs under LeakSanitizer, one video broken" 4
exit "$failed"
