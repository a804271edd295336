#!/usr/bin/env bash
# A video of HOURS (2), which the sample model's recipe takes some 18 times faster than it plays: memory, handles and
# threads stay what they were until CO2-Net sees all of it.
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
held=$(/usr/bin/python3 tests/soak/watch.py 30 "$co2net" extract "$work/long.mp4" --model samples/model --no-cache --log-level error \
  --progress off -o "$work/features") || { row "features of a video of $hours h: $held" 1 0 "memory, handles or threads"; exit 1; }
row "features of a video of $hours h in $((($(now_ms) - start) / 60000)) min: $held" 1 1 0

# CO2-Net sees all snippets at once.
"$co2net" localize "$work/features/long.npy" --model samples/model --no-cache --log-level error --progress off \
  --stats "$work/stats.json" -o "$work/results.json"
duration=$(jq '.videos.long.duration' "$work/results.json")
[[ ${duration%.*} == $((3600 * hours)) ]]
row "its localization: $(jq '.peak_rss_bytes / 1e6 | round' "$work/stats.json") MB at most" 1 1 0
