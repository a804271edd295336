#!/usr/bin/env bash
# How far two ways to compute a video's flow are apart: that of the program here on the video, and the same where one gray level is
# added to, or taken from, one pixel of 64; and that of another build of the program, if there is one.
#
#     tests/bench/flow_distance.sh VIDEO [OTHER_PROGRAM [RECIPE_KEY=VALUE...]]
#
# The keys are for the other program. PROGRAM names the one here.
# Debian: ffmpeg, python3-numpy.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program="${PROGRAM:-$here/../../build/release/cli/co2net}"
if [ $# -lt 1 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
video=$1 other=${2:-}
shift $(($# < 2 ? $# : 2))
keys=()
for key in "$@"; do keys+=(--recipe-set "$key"); done
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT

noise="geq=lum='clip(lum(X,Y)+lt(random(0),1/64)*(1-2*lt(random(1),1/2)),0,255)'"
ffmpeg -nostdin -v error -i "$video" -an -vf fps=25,scale=340:256 -pix_fmt gray -c:v ffv1 "$dir/plain.mkv"
ffmpeg -nostdin -v error -i "$dir/plain.mkv" -vf "$noise" -pix_fmt gray -c:v ffv1 "$dir/noisy.mkv"

# flow NAME PROGRAM VIDEO [OPTION...]
flow() {
  "$2" flow "$3" -o "$dir/$1" --save flo --log-level error "${@:4}"
}
flow here "$program" "$dir/plain.mkv"
flow noisy "$program" "$dir/noisy.mkv"
/usr/bin/python3 "$here/flow_distance.py" noise "$dir/here" "$dir/noisy"
if [ -n "$other" ]; then
  flow other "$other" "$dir/plain.mkv" "${keys[@]}"
  /usr/bin/python3 "$here/flow_distance.py" "the other program" "$dir/here" "$dir/other"
fi
