#!/usr/bin/env bash
# From a bare Debian 12 to results: installs what is missing, builds, draws eight videos that
# samples/model has never seen, localizes the actions in them, and compares with what was drawn.
# With arguments, localizes actions in these videos instead: samples/demo.sh VIDEO...
set -euo pipefail
videos=()
for video; do videos+=("$(realpath -e -- "$video")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
demo=build/demo
co2net=build/release/cli/co2net

install_missing "build co2net and compare its results" "${build_packages[@]}" jq
cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target co2net co2net_draw_actions

localize() {
  "$co2net" run "$@" --model samples/model --cache "$demo/cache" -o "$demo/results.json"
}
tell_of_the_model() {
  echo
  echo "This model has only ever seen drawn figures: in other videos its segments mean nothing."
}

if ((${#videos[@]} > 0)); then
  localize "${videos[@]}"
  jq -r '.final | to_entries[] | .key as $id | .value | sort_by(.segment) |
         if length > 0 then .[] | [$id, .label, .segment[], .score] else [$id, "nothing"] end |
         @tsv' "$demo/results.json" |
    LC_ALL=C awk -F'\t' '
      BEGIN { printf "\n  %-24s %-8s %15s %7s\n", "video", "label", "found, s", "score" }
      NF == 2 { printf "  %-24s %-8s\n", $1, $2 }
      NF > 2 { printf "  %-24s %-8s %7.2f %7.2f %7.2f\n", $1, $2, $3, $4, $5 }'
  tell_of_the_model
  exit
fi

rm -rf "$demo/videos"
# The first test videos of the benchmark.
build/release/samples/co2net_draw_actions -o "$demo/videos" --test 8 --seed 103
localize "$demo/videos"

echo
echo "What was drawn, and what was found:"
jq -r --slurpfile results "$demo/results.json" '
  def length_s: .[1] - .[0];
  def overlap($a; $b): [0, ([$a[1], $b[1]] | min) - ([$a[0], $b[0]] | max)] | max;
  def tiou($a; $b): overlap($a; $b) / (($a | length_s) + ($b | length_s) - overlap($a; $b));
  def matches($a; $b): $a.label == $b.label and overlap($a.segment; $b.segment) > 0;
  .database | to_entries[] | .key as $id | .value.annotations as $drawn |
  $results[0].final[$id] as $found |
  ($drawn[] | . as $truth | [$found[] | select(matches(.; $truth))] | max_by(.score) as $best |
    [$id, $truth.label, $truth.segment[]] +
    if $best then $best.segment + [$best.score, tiou($best.segment; $truth.segment)]
    else ["-", "-", "-", "-"] end),
  ($found[] | select(. as $alarm | all($drawn[]; matches(.; $alarm) | not)) |
    [$id, .label, "-", "-", .segment[], .score, "-"]) | @tsv
' "$demo/videos/annotations.json" | LC_ALL=C awk -F'\t' '
  function number(value) { return value == "-" ? "-" : sprintf("%.2f", value) }
  BEGIN { printf "  %-10s %-8s %15s %15s %7s %6s\n", "video", "label", "drawn, s", "found, s", "score", "tIoU" }
  { printf "  %-10s %-8s %7s %7s %7s %7s %7s %6s\n", $1, $2, number($3), number($4), number($5),
           number($6), number($7), number($8) }'
echo
evaluate() {
  "$co2net" eval "$demo/results.json" --ground-truth "$demo/videos/annotations.json" \
    --tiou 0.1:0.1:0.9 "$@"
}
evaluate
tell_of_the_model
cat <<END
Videos:  $demo/videos
Model:   samples/model
Results: $demo/results.json
END
figure=$(evaluate --json --log-level warning | jq '.mAP[4]')
LC_ALL=C printf 'mAP@0.5 %.3f\n' "$figure"
