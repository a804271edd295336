#!/usr/bin/env bash
# Many processes, one folder of videos, one cache: 8 at once, 8 of which some are killed, and 4
# beside which `cache gc` runs in a loop. A part of tests/soak.sh.
# shellcheck disable=SC2317  # what check calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
rounds=${ROUNDS:-5}

prepare co2net co2net_draw_actions
draw "$work/videos" 6 6

# start NAME: one of the processes, in the background.
start() {
  "$co2net" run "$work/videos" --model samples/model --cache "$work/cache" --threads 1 \
    --keep frames --keep flow --checkpoint 0 --stats "$work/$1.stats" -o "$work/$1.json" 2>"$work/$1.log" &
}

start reference
wait $!
computed() { jq -r '.videos | to_entries[] | .key as $v | .value.stages | to_entries[] | select(.value.hit | not) | $v + " " + .key' "$@"; }
# Each result was computed by one of the processes.
each_once() {
  [[ $(computed "$work"/[0-9].stats | sort | uniq -d | wc -l) == 0 ]] &&
    [[ $(computed "$work"/[0-9].stats | sort) == "$(computed "$work/reference.stats" | sort)" ]]
}
fresh() { rm -rf "$work/cache" "$work"/[0-9].*; }
finish() { # PROCESS...
  local process code
  for process in "$@"; do
    code=0
    wait "${pids[$process]}" || code=$?
    check "process $process: exit code $code" test "$code" = 0
    check "process $process: other bytes" cmp "$work/$process.json" "$work/reference.json"
  done
}
examine_cache() {
  check "files that nobody owns" no_orphans "$work/cache"
  check "damaged entries" "$co2net" cache verify --cache "$work/cache"
}
for ((round = 0; round < rounds; ++round)); do
  fresh
  pids=()
  for process in 0 1 2 3 4 5 6 7; do start "$process"; pids[process]=$!; done
  finish 0 1 2 3 4 5 6 7
  examine_cache
  check "a result was computed twice" each_once
done
sum_up "8 processes, one folder, one cache: each result computed once, the same bytes" $((rounds * 8))

for ((round = 0; round < rounds; ++round)); do
  fresh
  pids=()
  for process in 0 1 2 3 4 5 6 7; do start "$process"; pids[process]=$!; done
  for process in 0 1 2; do
    pause 1500
    kill -KILL "${pids[process]}" 2>/dev/null || true
    wait "${pids[process]}" 2>/dev/null || true
  done
  finish 3 4 5 6 7
  start 0; pids[0]=$!  # sweeps what the killed ones left last
  finish 0
  examine_cache
done
sum_up "3 of 8 killed in the middle: the others do their work" $((rounds * 5))

for ((round = 0; round < rounds; ++round)); do
  fresh
  pids=()
  for process in 0 1 2 3; do start "$process"; pids[process]=$!; done
  while kill -0 "${pids[@]}" 2>/dev/null; do
    for action in "gc --max-size 1M" verify stat; do
      # shellcheck disable=SC2086
      "$co2net" cache $action --cache "$work/cache" --log-level error >/dev/null || echo "cache $action failed"
    done
  done >"$work/beside" &
  collector=$!
  finish 0 1 2 3
  wait "$collector" || true
  examine_cache
  check "$(sort -u "$work/beside" | paste -sd ,)" test ! -s "$work/beside"
done
sum_up "4 processes, and \`cache gc --max-size 1M\`, \`verify\` and \`stat\` in a loop" $((rounds * 4))
exit "$failed"
