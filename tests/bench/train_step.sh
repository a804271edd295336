#!/usr/bin/env bash
# Times training steps of co2net against the same step in Python on the same libtorch
# (train_step.py), step by step in turn, and prints the medians and their ratio.
#
#     tests/bench/train_step.sh [ROUNDS [THREADS...]]
#
# By default 5 rounds each with 1 and with 2 threads; a round more comes first and is not counted.
# SNIPPETS is the length of a video, by default 500. PROGRAM and PYTHON name the programs to run.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="${PROGRAM:-$here/../../build/release/tests/co2net_bench_train_step}"
python="${PYTHON:-/usr/bin/python3}"
snippets=${SNIPPETS:-500}
rounds=${1:-5}
shift || true
if ! "$python" -c 'import torch' 2> /dev/null; then
  echo "skipped: $python has no torch (Debian: python3-torch)" >&2
  exit 77
fi
dir="$(mktemp -d)"
pids=()
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2> /dev/null || true; rm -rf "$dir"' EXIT

# start NAME COMMAND...: runs it between the pipes $dir/NAME.in and $dir/NAME.out
start() {
  local name=$1
  shift
  rm -f "$dir/$name".*
  mkfifo "$dir/$name.in" "$dir/$name.out"
  "$@" < "$dir/$name.in" > "$dir/$name.out" &
  pids+=($!)
}

median() {
  sort -n | awk '{ at[NR] = $1 } END { print (at[int((NR + 1) / 2)] + at[int(NR / 2) + 1]) / 2 }'
}

# compare THREADS
compare() {
  local round python_seconds python_loss our_seconds our_loss
  start python "$python" "$here/train_step.py" "$1" "$snippets"
  start ours "$program" "$1" "$snippets"
  exec {to_python}> "$dir/python.in" {from_python}< "$dir/python.out"
  exec {to_ours}> "$dir/ours.in" {from_ours}< "$dir/ours.out"
  : > "$dir/python.times"
  : > "$dir/ours.times"
  for ((round = 0; round <= rounds; ++round)); do
    echo >&"$to_python"
    read -r python_seconds python_loss <&"$from_python"
    echo >&"$to_ours"
    read -r our_seconds our_loss <&"$from_ours"
    printf 'threads %d, round %d: python %.2f s (loss %.3f), co2net %.2f s (loss %.3f)\n' \
      "$1" "$round" "$python_seconds" "$python_loss" "$our_seconds" "$our_loss"
    [ "$round" -eq 0 ] || echo "$python_seconds" >> "$dir/python.times"
    [ "$round" -eq 0 ] || echo "$our_seconds" >> "$dir/ours.times"
  done
  exec {to_python}>&- {to_ours}>&- {from_python}<&- {from_ours}<&-
  wait "${pids[@]}"
  pids=()
  echo "$(median < "$dir/python.times") $(median < "$dir/ours.times")" | awk -v threads="$1" '{
    printf "threads %d: python %.2f s, co2net %.2f s, ratio %.3f\n", threads, $1, $2, $2 / $1 }'
}

[ $# -gt 0 ] || set -- 1 2
for threads in "$@"; do compare "$threads"; done
