#!/usr/bin/env bash
# Makes the benchmark's I3D and samples/model from nothing but the programs here: draws trimmed clips of the motions to pretrain on,
# trains a small I3D on them, draws the benchmark's training videos, and trains a CO2-Net on these with the labels of whole videos
# only. Works in build/benchmark and goes on where it was interrupted: the I3D, which takes 45 minutes, after its last epoch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
work=build/benchmark
home=samples/benchmark
i3d=$home/i3d
# shellcheck source=samples/benchmark/settings.sh
source "$home/settings.sh"
# shellcheck source=samples/benchmark/videos.sh
source "$home/videos.sh"
build_programs co2net_draw_actions co2net_train_i3d

# The training's large tensors come and go: without this, a sixth of its time goes into returning
# their memory to the system and getting it back.
export MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456

stage draw-clips none "$build/samples/co2net_draw_actions" -o "$work/clips" "${pretraining_clips[@]}"
stage train-i3d draw-clips "$build/samples/co2net_train_i3d" --clips "$work/clips" -o "$work/i3d" "${pretraining[@]}"
rm -rf "$i3d"
cp -r "$work/i3d" "$i3d"
cat "$work/draw-clips.out" "$work/train-i3d.out" >"$i3d/training.txt"

draw training
features training
rm -rf "$work/sample-model"
train=("$co2net" train --features "$work/features/training" --annotations "$work/training/annotations.json" --extractor "$i3d"
  --name drawn-figures-only "${benchmark_training[@]}" --held-out 0 --seed 1 -o "$work/sample-model")
"${train[@]}" | tee "$work/train-co2net.out"

rm -rf "$work/sample-model/training" "$work/sample-model/training.html"
{
  echo "Made by samples/make_model.sh. Its stages, and what they printed:"
  for name in draw-clips train-i3d draw-training features-training; do
    printf '\n$ %s\n' "$(<"$work/$name.done")"
    cat "$work/$name.out"
  done
  printf '\n$ %s\n' "${train[*]}"
  cat "$work/train-co2net.out"
} >"$work/sample-model/provenance.txt"
rm -rf samples/model
cp -r "$work/sample-model" samples/model
du -sh "$i3d" samples/model
