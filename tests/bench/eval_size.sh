#!/usr/bin/env bash
# The processor time of 'co2net eval', which has one thread, on drawn files of 5,000 and of 20,000
# videos, the latter ActivityNet1.3's size with half a million predictions, in turn. Time that is
# linear in the files gives a ratio of 4.
#
#     tests/bench/eval_size.sh [ROUNDS]
#
# PROGRAM names the program to run.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="${PROGRAM:-$here/../../build/release/cli/co2net}"
rounds=${1:-5}
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

TIMEFORMAT='%U %S'
for videos in 5000 20000; do
  /usr/bin/python3 "$here/eval_size.py" "$videos" "$out/truth-$videos.json" "$out/results-$videos.json"
done
for ((round = 1; round <= rounds; ++round)); do
  for videos in 5000 20000; do
    { time "$program" eval "$out/results-$videos.json" --ground-truth "$out/truth-$videos.json" \
      --log-level error > /dev/null; } 2>&1 | awk -v videos="$videos" '{ print videos, $1 + $2 }'
  done
done | tee "$out/times"
sort -n -k1,1 -k2,2 "$out/times" | awk '{ all[$1, ++count[$1]] = $2 }
  END {
    small = all[5000, int((count[5000] + 1) / 2)]
    large = all[20000, int((count[20000] + 1) / 2)]
    printf "medians: %.2f s and %.2f s, ratio %.1f\n", small, large, large / small
  }'
