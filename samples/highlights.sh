#!/usr/bin/env bash
# CO2-Net on real features: learns from the labels of 234 whole videos of YouTube Highlights, and is
# measured on the snippets of 157 others that people call highlights. samples/README.md has the
# protocol, the table, and where such features are had.
#
#     samples/highlights.sh DATA                     all rows with five seeds, then the table
#     samples/highlights.sh DATA --claim             the paper's claim alone: concat, add, ccm
#     samples/highlights.sh DATA --verify ROW SEED   trains one of them again, and says what differs
#     samples/highlights.sh DATA --trial             a few iterations of one seed, kept apart
#
# The table ends with the claims' intervals, over seeds and videos together, as soon as all seeds are there.
#
# DATA has features/ID.npy, annotations.json and clips.json. What is in samples/highlights/results is done:
# the script goes on from there, and leaves there what it adds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
data=${1:?give the folder of the data}
how=${2:-}
work=build/highlights results=samples/highlights/results
seeds=(1 2 3 4 5) iterations=600 claims=("ccm>concat" "ccm>add")
rows=(ccm concat add se ssma rgb flow no-oppo no-ml no-cas no-norm wtalc)
if [[ $how == --claim ]]; then rows=(concat add ccm); fi
if [[ $how == --trial ]]; then seeds=(1) iterations=5 work=build/highlights/trial results=$work/results; fi

# What a row changes.
changes_of() {
  local module
  case $1 in
    ccm) ;;
    concat | add | se | ssma) echo "network.fusion=$1" ;;
    rgb | flow) for module in vattn fattn; do echo "network.$module.main=$1" "network.$module.aux=$1"; done ;;
    no-*) echo "loss.${1#no-}=0" ;;
    wtalc) echo network.kind=wtalc ;;
    *)
      echo "No row is called $1: ${rows[*]}" >&2
      exit 2
      ;;
  esac
}

install_missing "read and average results" jq
build_programs co2net_measure_highlights co2net_claims
measure() {
  "$build/samples/co2net_measure_highlights" --clips "$data/clips.json" --annotations "$data/annotations.json" "$@"
}
data_hash=$(cd "$data" && find features annotations.json clips.json -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | head -c 16)
test_files=()
while read -r id; do test_files+=("$data/features/$id.npy"); done \
  < <(jq -r '.database | to_entries[] | select(.value.subset == "test") | .key' "$data/annotations.json")

# settings_of ROW SEED
settings_of() {
  local change
  echo --preset thumos14 --set length=60 --select last --iterations "$iterations" --seed "$2"
  for change in $(changes_of "$1"); do echo --set "$change"; done
}

# train_row ROW SEED DIR: trains, localizes and measures; the result is printed.
train_row() {
  local row=$1 seed=$2 folder=$3 settings
  mkdir -p "$folder"
  mapfile -t settings < <(settings_of "$row" "$seed" | xargs -n 1)
  "$co2net" train --features "$data/features" --annotations "$data/annotations.json" --recipe wtalc \
    --train-subset validation --test-subset test "${settings[@]}" -o "$folder/model" --log-level warning >"$folder/train.txt"
  rm -rf "$folder/scores"
  "$co2net" localize "${test_files[@]}" --model "$folder/model" --save-scores "$folder/scores" \
    --log-level error -o "$folder/results.json"
  measure --folder "$folder/scores" >"$folder/highlights.json"
  "$co2net" eval "$folder/results.json" --ground-truth "$data/annotations.json" --subset test \
    --protocol co2net --json --log-level error >"$folder/segments.json"
  jq -cn --arg row "$row" --argjson seed "$seed" --arg data "$data_hash" --arg settings "${settings[*]}" \
    --slurpfile highlights "$folder/highlights.json" --slurpfile segments "$folder/segments.json" '
    def digits: walk(if type == "number" then . * 1e6 | round / 1e6 else . end);
    {row: $row, seed: $seed, data: $data, settings: $settings, mAP: $segments[0].averages["0.1:0.7"]}
    + $highlights[0] | digits'
}

# is_done ROW SEED: by these settings on these data.
is_done() {
  local result=$results/$1-$2.json
  [[ -e $result && $(jq -r '"\(.data) \(.settings)"' "$result") == "$data_hash $(settings_of "$1" "$2" | xargs)" ]]
}

if [[ $how == --verify ]]; then
  row=${3:?} seed=${4:?}
  rm -rf "$work/verify"
  train_row "$row" "$seed" "$work/verify" >"$work/verify.json"
  jq -n --slurpfile before "$results/$row-$seed.json" --slurpfile again "$work/verify.json" '
    {equal: ($before == $again), difference: ($again[0].mean - $before[0].mean)}'
  exit
fi

mkdir -p "$work" "$results"
for seed in "${seeds[@]}"; do
  for row in "${rows[@]}"; do
    if is_done "$row" "$seed"; then continue; fi
    echo "== $row, seed $seed"
    train_row "$row" "$seed" "$work/$row-$seed" >"$work/result.json"
    mv "$work/result.json" "$results/$row-$seed.json"
  done
done

# baseline BY SEED: the same figures where nothing was learned.
baseline() {
  measure --by "$1" --seed "$2" --folder "$data/features" | jq -c --arg by "$1" --argjson seed "$2" '. + {row: "by \($by)", seed: $seed}'
}
{
  for seed in 1 2 3 4 5; do baseline random "$seed"; done
  baseline rgb 1
  baseline flow 1
} >"$work/baselines.jsonl"

# A line a row, in %: the field's metric, its difference to ccm over the same seeds, the segments' mAP, and the domains.
jq -rs '
  def mean: add / length;
  def percent: . * 1000 | round / 10;
  def told: if length == 0 or any(. == null) then "" else
    mean as $mean | "\($mean | percent)" +
    if length > 1 then " ± \((map((. - $mean) * (. - $mean)) | add / (length - 1)) | sqrt | percent)" else "" end end;
  (map(select(.row == "ccm")) | map({key: "\(.seed)", value: .mean}) | from_entries) as $ccm |
  (.[0].domains | keys) as $domains |
  "| row | seeds | mean | over ccm | mAP | \($domains | join(" | ")) |",
  (group_by(.row)[] | . as $all |
    [$all[0].row, ($all | length), ($all | map(.mean) | told),
     ([$all[] | select(.mAP and .row != "ccm" and $ccm["\(.seed)"]) | .mean - $ccm["\(.seed)"]] | told),
     ($all | map(.mAP) | told)] +
    [$domains[] as $domain | $all | map(.domains[$domain]) | mean | percent] |
    "| \(map(tostring) | join(" | ")) |")
' "$work/baselines.jsonl" "$results"/*.json | tee "$work/table.txt"
if [[ $how != --trial ]]; then
  judge_claims samples/highlights/claims.json --of highlights --results "$results" --seeds "${#seeds[@]}" "${claims[@]/#/--claim=}"
fi
