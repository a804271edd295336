#!/usr/bin/env bash
# Makes samples/model from nothing but the programs here: draws trimmed clips, trains a small I3D on
# them, draws untrimmed videos, and trains a CO2-Net on these with the labels of whole videos only.
# Goes on where it was interrupted, stage by stage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/stages.sh
source samples/stages.sh
build_programs

# The training's large tensors come and go: without this, half of the time goes into returning
# their memory to the system and getting it back.
export MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456

stage draw-clips "$build/samples/co2net_draw_actions" -o "$work/clips" --trimmed --seconds 1.28 \
  --training 1440 --test 180 --seed 1
stage train-i3d "$build/samples/co2net_train_i3d" --clips "$work/clips" -o "$work/i3d" \
  "${recipe_settings[@]}"
draw_untrimmed
extract "$work/i3d"
stage train-co2net "$co2net" train --features "$work/features" \
  --annotations "$work/videos/annotations.json" --extractor "$work/i3d" --name drawn-figures-only \
  "${training_settings[@]}" -o "$work/model"

mkdir -p samples/model
cp "$work/model/"{model.json,i3d_rgb.pt,i3d_flow.pt,co2net.pt} samples/model/
{
  echo "Made by samples/make_model.sh with these commands, below each what it printed."
  for name in draw-clips train-i3d draw-videos extract train-co2net; do
    printf '\n$ %s\n' "$(<"$work/$name.done")"
    cat "$work/$name.out"
  done
} >samples/model/provenance.txt
du -sh samples/model
