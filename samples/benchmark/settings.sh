# What benchmark/1 fixes beside the drawing; PROTOCOL.md says why. Sourced, not run.
# shellcheck shell=bash disable=SC2034  # read by the scripts that source this file

# By subset: the seed, videos with actions, videos without.
declare -A subsets=(
  [training]="101 200 20"
  [validation]="102 54 6"
  [test]="103 108 12"
)

# How every row learns, where that is not as published; chosen on the validation videos.
benchmark_training=(
  --train-subset training --select last --held-out 0
  --iterations 300 --set length=100 --set learning_rate=0.0003
)

# Rows that nothing is trained for, but for the classifier of snippets that sees the segments.
baselines=(random oracle-labels flow-magnitude supervised)

# Better on the left: all the claims that are made, in mAP over 0.1:0.7 by the protocol thumos.
claims=("full>wtalc" "full>mil" "full>concat" "full>flow" "full>mil+oppo+cas+norm" "full>mil+oppo+ml+norm")
claimed_rows=(full wtalc mil concat flow mil+oppo+cas+norm mil+oppo+ml+norm)
