#!/usr/bin/env bash
# Kills co2net (SIGKILL) at random moments, again and again, lets it end, and compares every byte
# with what a run without interruption gave. Goes on for MINUTES (10).
#
#     tests/soak.sh [MINUTES [MODEL VIDEO...]]
#
# By default samples/model, and videos that are drawn. Works in build/soak; SEED repeats a series.
set -euo pipefail
minutes=${1:-10}
places=()
for place in "${@:2}"; do places+=("$(realpath -e -- "$place")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
work=build/soak
co2net=build/release/cli/co2net
seed=${SEED:-$$}
RANDOM=$seed

install_missing "build co2net" "${build_packages[@]}"
cmake --preset release >/dev/null
cmake --build --preset release --target co2net co2net_draw_actions
rm -rf "$work"
mkdir -p "$work"
if ((${#places[@]} < 2)); then
  build/release/samples/co2net_draw_actions -o "$work/videos" --test 4 --seconds 8 --seed 5
  places=(samples/model "$work/videos")
fi

# work_of COMMAND FOLDER: what is repeated, with a cache and a result in the folder.
work_of() {
  local output=$2/out
  [[ $1 == extract ]] || output=$2/out/results.json
  mkdir -p "$2/out"
  exec "$co2net" "$1" "${places[@]:1}" --model "${places[0]}" --cache "$2/cache" --log-level error -o "$output"
}
now_ms() { date +%s%3N; }

# same COMMAND: fails where a file of the result is not, byte by byte, the reference's. Of an
# interrupted run files may be absent; one that is there is complete.
same() {
  local file
  while IFS= read -r -d '' file; do
    cmp -- "$work/$1/$file" "$work/reference-$1/$file"
  done < <(cd "$work/$1" && find out -type f -not -name '.*' -print0)
}

declare -A lasts_ms
for command in run extract; do
  start=$(now_ms)
  (work_of "$command" "$work/reference-$command")
  lasts_ms[$command]=$(($(now_ms) - start))
done
echo "Without interruption: run ${lasts_ms[run]} ms, extract ${lasts_ms[extract]} ms; SEED=$seed"

rounds=0 kills=0 end=$((SECONDS + minutes * 60))
while ((SECONDS < end)); do
  command=run
  ((RANDOM % 2)) || command=extract
  rm -rf "${work:?}/$command"
  for ((left = 1 + RANDOM % 4; left > 0; --left)); do
    (work_of "$command" "$work/$command") 2>/dev/null &
    victim=$!
    pause=$((RANDOM * lasts_ms[$command] / 32768))
    sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
    if kill -KILL "$victim" 2>/dev/null; then kills=$((kills + 1)); fi
    wait "$victim" 2>/dev/null || true
    same "$command"
  done
  (work_of "$command" "$work/$command")
  same "$command"
  diff <(cd "$work/$command/out" && ls) <(cd "$work/reference-$command/out" && ls)
  "$co2net" cache verify --cache "$work/$command/cache"
  rounds=$((rounds + 1))
done
((kills > 0))
echo "$rounds rounds, $kills kills, no byte differs"
