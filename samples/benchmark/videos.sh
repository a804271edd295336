# The benchmark's videos and their features. Sourced, not run, by scripts that have sourced stages.sh and
# settings.sh and set `work`, the folder to work in, `home`, this one, and `i3d`.
# shellcheck shell=bash disable=SC2154

# draw SUBSET: its videos, whose frames must be those that the benchmark's name stands for.
draw() {
  local subset=$1 counts want found
  read -ra counts <<<"${subsets[$subset]}"
  stage "draw-$subset" none "$build/samples/co2net_draw_actions" -o "$work/$subset" --seed "${counts[0]}" \
    "--$subset" "${counts[1]}" "--$subset-background" "${counts[2]}"
  want=$(awk -v subset="$subset" '$1 == subset { print $2 }' "$home/frames.txt")
  found=$(awk '{ print $NF }' "$work/draw-$subset.out")
  if [[ -z $want ]]; then
    echo "$home/frames.txt does not know the frames of $subset yet: $subset $found"
    if [[ $subset == test ]]; then exit 1; fi # only videos of a frozen benchmark are tested on
  elif [[ $found != "$want" ]]; then
    echo "The frames of $work/$subset are $found, those of benchmark/1 are $want: this is another benchmark" >&2
    exit 1
  fi
  tell_of_encoding "$subset"
}

# decoded_frames DIR: a hash of what its videos decode to.
decoded_frames() {
  # shellcheck disable=SC2016  # expanded for each video
  find "$1" -name '*.mp4' -print0 | xargs -0 -P "$(nproc)" -I{} sh -c \
    'frames=$(ffmpeg -nostdin -v error -threads 1 -i "$1" -map 0:v -f md5 -) && echo "$(basename "$1") $frames"' - {} |
    LC_ALL=C sort | sha256sum | head -c 64
}

# What x264 makes of equal frames depends on its release, which it writes into what it encodes; features are made of
# the decoded frames.
tell_of_encoding() {
  local videos=("$work/$1"/*.mp4) release want found
  install_missing "decode videos" ffmpeg
  release=$(grep -a -o -m 1 'x264 - core [0-9]* r[0-9]*' "${videos[0]}" | awk '{ print $4 "-" $5 }')
  stage "decode-$1" "draw-$1" decoded_frames "$work/$1"
  found=$(<"$work/decode-$1.out")
  want=$(awk -v release="$release" -v subset="$1" '$1 == release && $2 == subset { print $3 }' "$home/encoded.txt")
  if [[ -z $want ]]; then
    echo "No one has encoded $1 by this release of x264 yet: $release $1 $found"
  elif [[ $found != "$want" ]]; then
    echo "$work/$1: x264 $release gave other videos, $found, than before, $want; results will differ a little" >&2
  fi
}

# features SUBSET: what is in the cache is not computed again.
features() {
  stage "features-$1" "draw-$1" "$co2net" extract "$work/$1" --model "$i3d" --cache "$work/cache" \
    --log-level warning -o "$work/features/$1"
}
