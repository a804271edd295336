#!/usr/bin/env bash
# Times 'co2net eval' against an evaluator written as the field's are (eval_reference.py), both on
# the same files, in turn, and checks that they agree.
#
#     tests/bench/eval.sh RESULTS.json GROUND_TRUTH.json SUBSET PROTOCOL [ROUNDS]
#
# PROTOCOL is activitynet or co2net. PROGRAM and PYTHON name the programs to run.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=tests/bench/timing.sh
source "$here/timing.sh"
program="${PROGRAM:-$here/../../build/release/cli/co2net}"
python="${PYTHON:-/usr/bin/python3}"
if [ $# -lt 4 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
results=$1 ground_truth=$2 subset=$3 protocol=$4 rounds=${5:-3}
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

for ((round = 1; round <= rounds; ++round)); do
  reference=$(seconds "$out/said" "$python" "$here/eval_reference.py" \
    "$results" "$ground_truth" "$subset" "$protocol" 10 10 90)
  mv "$out/said" "$out/reference.json"
  ours=$(seconds "$out/said" "$program" eval "$results" --ground-truth "$ground_truth" --subset "$subset" \
    --protocol "$protocol" --tiou 0.1:0.1:0.9 --json --log-level warning)
  mv "$out/said" "$out/ours.json"
  echo "$reference $(jq .seconds "$out/reference.json") $ours" | tee -a "$out/times" |
    awk -v round="$round" '{ printf "round %d: python %.2f s (%.2f s without start and reading), " \
                                    "co2net %.3f s, ratio %.0f\n", round, $1, $2, $3, $1 / $3 }'
done
awk '{ python += $1; computing += $2; ours += $3 }
  END { printf "all rounds: whole processes %.0f times faster; than its computing alone %.0f times\n",
          python / ours, computing / ours }' "$out/times"
jq -n --exit-status --slurpfile a "$out/reference.json" --slurpfile b "$out/ours.json" \
  '[$a[0].mAP, $b[0].mAP] | transpose | map(.[0] - .[1] | fabs) | max
   | "largest difference of mAP: \(.)", (. < 1e-9)'
