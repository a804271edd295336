#!/usr/bin/env bash
# Makes samples/model from nothing but the programs here: draws trimmed clips, trains a small I3D on
# them, draws untrimmed videos, and trains a CO2-Net on these with the labels of whole videos only.
# Works in build/samples and goes on where it was interrupted, stage by stage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
build_programs co2net_draw_actions co2net_train_i3d

# The training's large tensors come and go: without this, a sixth of its time goes into returning
# their memory to the system and getting it back.
export MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456

stage draw-clips none "$build/samples/co2net_draw_actions" -o "$work/clips" --trimmed --seconds 1.28 \
  --training 1440 --test 180 --seed 1
# The whole picture, small.
stage train-i3d draw-clips "$build/samples/co2net_train_i3d" --clips "$work/clips" -o "$work/i3d" \
  --width 0.1875 --epochs 8 --batch 16 --rate 0.003 --seed 1 \
  --recipe-set crop_size=96 --recipe-set resize.width=96 --recipe-set resize.height=96 \
  --recipe-set flow.warps=2 --recipe-set flow.epsilon=0.05 --recipe-set flow.bound=5
draw_untrimmed
extract "$work/i3d"
rm -rf "$work/model"
train=("$co2net" train --features "$work/features" --annotations "$work/videos/annotations.json"
  --extractor "$work/i3d" --name drawn-figures-only "${training_settings[@]}" -o "$work/model")
"${train[@]}" | tee "$work/train-co2net.out"

rm -rf "$work/model/training"
{
  echo "Made by samples/make_model.sh. Its stages, and what they printed:"
  for name in draw-clips train-i3d draw-videos; do
    printf '\n$ %s\n' "$(<"$work/$name.done")"
    cat "$work/$name.out"
  done
  printf '\n$ co2net extract %s --model %s -o %s\n' "$work/videos" "$work/i3d" "$work/features"
  printf '\n$ %s\n' "${train[*]}"
  cat "$work/train-co2net.out"
} >"$work/model/provenance.txt"
rm -rf samples/model
cp -r "$work/model" samples/model
du -sh samples/model
