# What benchmark/1 fixes beside the drawing; PROTOCOL.md says why. Sourced, not run.
# shellcheck shell=bash disable=SC2034  # read by the scripts that source this file

# By subset: the seed, videos with actions, videos without.
declare -A subsets=(
  [training]="101 200 20"
  [validation]="102 54 6"
  [test]="103 108 12"
)

# What the I3D learns from, and how: the middle of the picture, small.
pretraining_clips=(--motions pretraining --trimmed --seconds 0.64 --training 8000 --test 480 --seed 1)
pretraining=(
  --width 0.1875 --epochs 9 --batch 16 --rate 0.003 --seed 1
  --recipe-set crop_size=96 --recipe-set resize.width=128 --recipe-set resize.height=96
  --recipe-set flow.warps=2 --recipe-set flow.epsilon=0.05 --recipe-set flow.bound=5
)

# How every row learns, where that is not as published; chosen on the validation videos.
benchmark_training=(
  --train-subset training --select last
  --iterations 300 --set length=100 --set learning_rate=0.0003
)

# Rows that nothing is trained for, but for the classifier of snippets that sees the segments.
baselines=(random oracle-labels flow-magnitude supervised)

# Better on the left: all the claims that are made, in mAP over 0.1:0.7 by the protocol activitynet.
claims=("full>wtalc" "full>mil" "full>concat" "full>rgb" "full>mil+oppo+cas+norm" "full>mil+oppo+ml+norm")
quick_rows=(full wtalc mil concat)
