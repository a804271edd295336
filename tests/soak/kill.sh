#!/usr/bin/env bash
# Kills co2net (SIGKILL) at 100 random moments of `run --keep frames --keep flow`, `extract` and
# `train --videos`, lets it end, and compares every byte with what a run without interruption gave;
# then stops it by SIGINT and SIGTERM. A part of tests/soak.sh.
# shellcheck disable=SC2317  # what check calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
kills_wanted=${KILLS:-100}
stops_wanted=${STOPS:-30}

prepare co2net co2net_draw_actions
draw "$work/videos" 4 6
number=0
for video in "$work"/videos/*.mp4; do
  mkdir -p "$work/labelled/class-$((number % 2))"
  cp "$video" "$work/labelled/class-$((number % 2))"
  number=$((number + 1))
done

# work_of COMMAND FOLDER: what is repeated, with a cache and results in the folder.
work_of() {
  mkdir -p "$2/out"
  local options=(--cache "$2/cache" --log-level error --checkpoint 0)
  case $1 in
    run) options+=("$work/videos" --model samples/model --keep frames --keep flow -o "$2/out/results.json") ;;
    extract) options+=("$work/videos" --model samples/model -o "$2/out") ;;
    train) options+=(--videos "$work/labelled" --labels by-folder --extractor samples/model --iterations 20 -o "$2/out/model") ;;
  esac
  exec env --default-signal=INT "$co2net" "$1" "${options[@]}" # which the shell has it ignore
}

declare -A lasts_ms reference
for command in run extract train; do
  reference[$command]=$work/reference-$command
  start=$(now_ms)
  (work_of "$command" "${reference[$command]}") >/dev/null
  lasts_ms[$command]=$(($(now_ms) - start))
done
echo "Without interruption: run ${lasts_ms[run]} ms, extract ${lasts_ms[extract]} ms, train ${lasts_ms[train]} ms"

# complete COMMAND FOLDER: of an interrupted command. A training's folder grows until it is done.
complete() { [[ $1 == train ]] || same "$2/out" "${reference[$1]}/out"; }
# finish COMMAND FOLDER: lets it end, and checks what there is.
finish() {
  check "$1: does not end well" run_work "$1" "$2"
  check "$1: other bytes" whole "$2/out" "${reference[$1]}/out"
  check "$1: files that nobody owns" no_orphans "$2"
  check "$1: damaged entries" "$co2net" cache verify --cache "$2/cache"
}
run_work() { (work_of "$@") >/dev/null; }

commands=(run extract train)
for command in "${commands[@]}"; do
  kills=0 folder=$work/$command
  while ((kills < (kills_wanted + 2) / 3)); do
    rm -rf "$folder"
    for ((left = 1 + RANDOM % 4; left > 0; --left)); do
      (work_of "$command" "$folder") >/dev/null 2>&1 &
      victim=$!
      pause "${lasts_ms[$command]}"
      if kill -KILL "$victim" 2>/dev/null; then kills=$((kills + 1)); fi
      wait "$victim" 2>/dev/null || true
      check "$command: half an output" complete "$command" "$folder"
    done
    finish "$command" "$folder"
  done
  sum_up "kill -9 in the middle of \`$command\`, then again to the end" "$kills"
done

slowest_ms=0 stops=0
while ((stops < stops_wanted)); do
  command=${commands[stops % 3]} folder=$work/stopped
  signal=INT
  ((stops % 2)) || signal=TERM
  rm -rf "$folder"
  (work_of "$command" "$folder") >/dev/null 2>&1 &
  victim=$!
  pause "${lasts_ms[$command]}"
  start=$(now_ms)
  kill -"$signal" "$victim" 2>/dev/null || true
  code=0
  wait "$victim" || code=$?
  took_ms=$(($(now_ms) - start))
  ((took_ms <= slowest_ms)) || slowest_ms=$took_ms
  # 143: SIGTERM, before main().
  check "$command: exit code $code" test "$code" = 0 -o "$code" = 130 -o "$signal $code" = "TERM 143"
  check "$command: $took_ms ms to stop" test "$took_ms" -le 2000
  check "$command: half an output" complete "$command" "$folder"
  check "$command: files that nobody owns" no_orphans "$folder"
  stops=$((stops + 1))
done
sum_up "SIGINT or SIGTERM; exit code 130 after at most $slowest_ms ms" "$stops"
exit "$failed"
