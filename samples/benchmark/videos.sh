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

# What x264 makes of equal frames depends on its version; the decoded frames are those that features are made of.
tell_of_encoding() {
  local version want found
  version=$(ldconfig -p | grep -o 'libx264\.so\.[0-9]*' | head -1)
  found=$(cat "$work/$1"/*.mp4 | sha256sum | head -c 64)
  want=$(awk -v version="$version" -v subset="$1" '$1 == version && $2 == subset { print $3 }' "$home/encoded.txt")
  if [[ -z $want ]]; then
    echo "No one has encoded $1 with this version of x264 yet: $version $1 $found"
  elif [[ $found != "$want" ]]; then
    echo "$work/$1: $version gave other videos, $found, than before, $want; results will differ a little" >&2
  fi
}

# features SUBSET: what is in the cache is not computed again.
features() {
  stage "features-$1" "draw-$1" "$co2net" extract "$work/$1" --model "$i3d" --cache "$work/cache" \
    --log-level warning -o "$work/features/$1"
}
