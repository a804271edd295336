#!/usr/bin/env bash
# From a bare Debian 12 to results: installs what is missing, builds, draws three videos of a figure
# that acts, makes a small model with untrained weights, and localizes the actions in the videos.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
demo=build/demo

install_missing "build co2net" "${build_packages[@]}"
cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target co2net co2net_draw_actions co2net_make_bundle

co2net_run() {
  build/release/cli/co2net run "$demo/videos" --model "$demo/model" --cache "$demo/cache" "$@"
}
build/release/samples/co2net_draw_actions -o "$demo/videos" --count 3 --seconds 12 --seed 1
build/release/samples/co2net_make_bundle -o "$demo/model" --width 0.25 --seed 1
co2net_run -o "$demo/results.json"
co2net_run --format csv -o "$demo/results.csv" # the same results, from the cache

echo
echo "The three best distinct segments of each video:"
tail -n +2 "$demo/results.csv" | LC_ALL=C sort -t, -k1,1 -k3,3gr | awk -F, '
  BEGIN { printf "  %-12s %-14s %8s %9s %8s\n", "video", "label", "score", "start_s", "end_s" }
  !seen[$1, $2, $4, $5]++ && ++shown[$1] <= 3 {
    printf "  %-12s %-14s %8.4f %9.2f %8.2f\n", $1, $2, $3, $4, $5
  }'
cat <<END

The weights are untrained, so labels and scores mean nothing here; what was drawn is in
  $demo/videos/annotations.json
Videos:  $demo/videos
Model:   $demo/model
Results: $demo/results.json, $demo/results.csv
END
