#!/usr/bin/env bash
# The paper's comparisons on drawn videos, from pixels: draws 120 training and 60 test videos,
# extracts features with the I3D of samples/model, trains every row of `co2net ablate` with three
# seeds, and prints the tables below a chance level and a fully supervised bound. Works in
# build/samples, goes on where it was interrupted, and leaves the tables in benchmark.txt there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
install_missing "average the bounds" jq
build_programs co2net_draw_actions co2net_bounds

draw_untrimmed
extract samples/model
truth=$work/videos/annotations.json
data=(--features "$work/features" --annotations "$truth")
seeds=(1 2 3)

# bound NAME: its mean and deviation over the seeds.
bound() {
  local seed
  for seed in "${seeds[@]}"; do
    "$co2net" eval "$work/bounds/$seed/$1.json" --ground-truth "$truth" --subset test \
      --protocol co2net --json --log-level warning
  done | jq -rs --arg name "$1" '
    def mean: add / length;
    def deviation: mean as $mean | ((map((. - $mean) * (. - $mean)) | add) / (length - 1)) | sqrt;
    def percent: . * 1000 | round / 10;
    (map(.mAP[4])) as $half | (map(.averages["0.1:0.7"])) as $average |
    "\($name): mAP@0.5 \($half | mean | percent) +- \($half | deviation | percent), " +
    "mean over 0.1:0.7 \($average | mean | percent) +- \($average | deviation | percent)"'
}

for seed in "${seeds[@]}"; do
  "$build/samples/co2net_bounds" "${data[@]}" --model samples/model --seed "$seed" -o "$work/bounds/$seed"
done
# A folder for these features and settings, since `ablate` goes on with no others.
key=$(cat samples/model/i3d_*.pt "$truth" <(echo "${training_settings[@]}") | sha256sum | head -c 12)
{
  bound chance
  bound supervised
  echo
  "$co2net" ablate "${data[@]}" "${training_settings[@]}" --seeds "${#seeds[@]}" -o "$work/ablations-$key"
} | tee "$work/benchmark.txt"
echo "The tables are in $work/benchmark.txt; this call took $((SECONDS / 60)) min"
