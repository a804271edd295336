#!/usr/bin/env bash
# Times 'co2net run' from a video to segments against the same in Python (end_to_end.py), whole
# processes in turn, and prints the ratio, co2net's rate beside the video's own, and how far apart
# the features are.
#
#     tests/bench/end_to_end.sh VIDEO [ROUNDS [WAY...]]
#
# Ways: default, the default recipe, or a key of recipes, such as crop=ten, or flow.variant=opencv-cpu,
# which is what Python computes. By default one round of default and opencv-cpu. The networks are of
# full size, with random weights. BUILD, PROGRAM and PYTHON name the build folder and the programs.
# Debian: python3-opencv, python3-torch, ffmpeg, jq.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=tests/bench/timing.sh
source "$here/timing.sh"
build="${BUILD:-$here/../../build/release}"
program="${PROGRAM:-$build/cli/co2net}"
python="${PYTHON:-/usr/bin/python3}"
if [ $# -lt 1 ]; then
  sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
video=$1 rounds=${2:-1}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- default flow.variant=opencv-cpu
if ! "$python" -c 'import torch, cv2; cv2.optflow' 2> /dev/null; then
  echo "skipped: $python has no torch or no OpenCV with optflow" >&2
  exit 77
fi
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
"$build/samples/co2net_make_bundle" -o "$dir/bundle" --width 1 --seed 1

# co2net WAY COMMAND ARGUMENT...: on the video, with a cache that lasts a round
co2net() {
  local recipe=()
  [ "$1" = default ] || recipe=(--recipe-set "$1")
  "$program" "$2" "$video" --model "$dir/bundle" --cache "$dir/cache" --log-level error \
    "${recipe[@]}" "${@:3}"
}

for ((round = 1; round <= rounds; ++round)); do
  reference=$(seconds "$dir/said" "$python" "$here/end_to_end.py" "$video" "$dir/bundle" "$dir/reference.npy")
  frames=$(jq .frames "$dir/said")
  jq -r --argjson round "$round" --argjson seconds "$reference" '"round \($round): python \($seconds) s: " +
    (.seconds | to_entries | map("\(.key) \(.value * 100 | round / 100)") | join(", "))' "$dir/said"
  for way in "$@"; do
    rm -rf "$dir/cache"
    ours=$(seconds "$dir/said" co2net "$way" run --stats "$dir/stats.json")
    jq -r --arg way "$way" '"  co2net \($way), seconds of all threads: " + (.videos[].extraction
      | [.decode, .flow, .networks | .seconds * 100 | round / 100] | "decode \(.[0]), flow \(.[1]), features \(.[2])")
      + ", localization \(.stages.localization * 1000 | round / 1000), peak \(.peak_rss_bytes / 1e6 | round) MB"' "$dir/stats.json"
    echo "$reference $ours $frames" | awk -v way="$way" '{
      printf "  co2net %s: %.2f s, %.1f times the speed of Python, %.2f of real time\n",
        way, $2, $1 / $2, $3 / 25 / $2 }'
    co2net "$way" extract -o "$dir/features"
    "$python" "$here/end_to_end.py" compare "$dir/reference.npy" "$dir"/features/*.npy | sed 's/^/  /'
  done
done
