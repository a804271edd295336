#!/usr/bin/env bash
# The paper's comparisons on drawn videos, from pixels: draws 120 training and 60 test videos,
# extracts features with the I3D of samples/model, trains every row of `co2net ablate` with three
# seeds, and prints the tables between a chance level and a fully supervised bound. Goes on where it
# was interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/stages.sh
source samples/stages.sh
install_missing "print the bounds" jq
build_programs

draw_untrimmed
extract samples/model
data=(--features "$work/features" --annotations "$work/videos/annotations.json")
for seed in 1 2 3; do
  stage "bounds-$seed" "$build/samples/co2net_bounds" "${data[@]}" --model samples/model \
    --seed "$seed" -o "$work/bounds/$seed"
done
"$co2net" ablate "${data[@]}" "${training_settings[@]}" --seeds 3 -o "$work/ablations"

echo
echo "Bounds, seed by seed: mAP in % at tIoU 0.5, and averaged over 0.1:0.7"
for bound in chance supervised; do
  for seed in 1 2 3; do
    "$co2net" eval "$work/bounds/$seed/$bound.json" --ground-truth "$work/videos/annotations.json" \
      --subset test --protocol co2net --json |
      jq -r --arg row "$bound $seed" '
        def percent: . * 1000 | round / 10;
        "  \($row): \(.mAP[4] | percent) \(.averages["0.1:0.7"] | percent)"'
  done
done
