#!/usr/bin/env bash
# A video of HOURS (2), which the sample model's recipe takes some 18 times faster than it plays: memory, handles and
# threads stay what they were.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
hours=${HOURS:-2}

prepare co2net
# One piece, again and again: drawing all of it would take longer than reading it.
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=320x240:r=25:d=60 -c:v libx264 -preset ultrafast "$work/minute.mp4"
ffmpeg -nostdin -v error -stream_loop $((60 * hours - 1)) -i "$work/minute.mp4" -c copy "$work/long.mp4"
start=$(now_ms)
held=$(/usr/bin/python3 tests/soak/watch.py 30 "$co2net" run "$work/long.mp4" --model samples/model --no-cache --log-level warning \
  --progress off -o "$work/results.json") || { row "a video of $hours h: $held" 1 0 "memory, handles or threads"; exit 1; }
duration=$(jq '.videos.long.duration' "$work/results.json")
[[ ${duration%.*} == $((3600 * hours)) ]]
row "a video of $hours h in $((($(now_ms) - start) / 60000)) min: $held" 1 1 0
