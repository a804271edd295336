#!/usr/bin/env bash
# COUNT (5000) short videos, no two the same, in one run; a hundredth are broken. Every one gets its result or its error, and
# memory, handles and threads stay what they were.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
count=${COUNT:-5000}

prepare co2net
mkdir "$work/videos"
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=160x120:r=10:d=2 -c:v libx264 "$work/short.mp4"
# An ISO file may end with boxes that nobody reads; these hold a number, so that each has a hash of its own.
/usr/bin/python3 - "$work" "$count" <<'END'
import pathlib, struct, sys

work, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
short = (work / "short.mp4").read_bytes()
for n in range(count):
    content = b"no video" if n % 100 == 99 else short + struct.pack(">I4sQ", 16, b"free", n)
    (work / "videos" / f"{n:05}.mp4").write_bytes(content)
END
start=$(now_ms)
code=0
held=$(/usr/bin/python3 tests/soak/watch.py 30 "$co2net" run "$work/videos" --model samples/model --cache "$work/cache" \
  --log-level off --progress off -o "$work/results.json") || code=$?
broken=$((count / 100))
right=$(jq "(.results | length == $count - $broken) and (.errors | length == $broken)" "$work/results.json")
fault="$count short videos in $((($(now_ms) - start) / 60000)) min, $broken of them broken: $held"
if ((code > 0)) || [[ $right != true ]]; then
  row "$fault" "$count" "$(jq '(.results | length) + (.errors | length)' "$work/results.json")" "memory, handles, threads or results"
  exit 1
fi
row "$fault" "$count" "$count" 0
