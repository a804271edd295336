#!/usr/bin/env bash
# CO2-Net on real features: learns from the labels of 234 whole videos of YouTube Highlights, and is
# measured on the snippets of 157 others that people call highlights. samples/README.md has the
# protocol, the table, and where such features are had.
#
#     samples/highlights.sh DATA                       all rows with five seeds, then the table
#     samples/highlights.sh DATA --claim               the paper's claim alone: concat, add, ccm
#     samples/highlights.sh DATA --verify [ROW SEED]   trains a committed result again (drawn at random unless named), and tells the difference
#     samples/highlights.sh DATA --trial               a few iterations of one seed, kept apart
#
# The table ends with the claims' intervals, over seeds and videos together, as soon as all seeds are there.
#
# DATA has features/ID.npy, annotations.json and clips.json. What is in samples/highlights/results is done:
# the script goes on from there, and leaves there what it adds. For data of your own, HIGHLIGHTS=DIR keeps
# trainings, results and claims in DIR.
set -euo pipefail
data=$(realpath -m -- "${1:-.}") how=${2-} row=${3-} seed=${4-} arguments=$#
if [[ -n ${HIGHLIGHTS-} ]]; then HIGHLIGHTS=$(realpath -m -- "$HIGHLIGHTS"); fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
home=${HIGHLIGHTS:-samples/highlights}
results=$home/results work=${HIGHLIGHTS:-build/highlights}
seeds=(1 2 3 4 5) iterations=600 claims=("ccm>concat" "ccm>add")
rows=(ccm concat add se ssma rgb flow no-oppo no-ml no-cas no-norm wtalc)

usage() { sed -n '2,/^set/ s/^# \{0,1\}//p' samples/highlights.sh; }

# refuse WHAT REMEDY
refuse() {
  echo "$1; $2" >&2
  exit 2
}

# Whatever can be wrong with the arguments is found before anything is installed, built or trained.
check_arguments() {
  local wanted
  case $how in
    '' | --claim | --trial) wanted=2 ;;
    --verify) wanted=4 ;;
    *) refuse "There is no option $how" "samples/highlights.sh --help tells of those that there are" ;;
  esac
  if ((arguments > wanted || arguments == 3)); then
    refuse "Too many arguments, or a ROW without its SEED" "samples/highlights.sh --help tells which it takes"
  fi
  for wanted in features annotations.json clips.json; do
    if [[ ! -e $data/$wanted ]]; then refuse "$data has no $wanted" "samples/README.md (Real features) says how the data is made"; fi
  done
  if [[ $how != --verify ]]; then return; fi
  if [[ -z $row ]]; then
    row=$(basename "$(shuf -n 1 -e "$results"/*.json)" .json)
    seed=${row##*-} row=${row%-*}
  elif [[ " ${rows[*]} " != *" $row "* ]]; then
    refuse "No row is called $row" "these are: ${rows[*]}"
  fi
  if [[ ! -s $results/$row-$seed.json ]]; then
    refuse "There is no $results/$row-$seed.json to verify" "samples/highlights.sh DATA trains what is not there yet"
  fi
}

case ${1-} in
  -h | --help) usage; exit ;;
  '' | -*) usage >&2; exit 2 ;;
esac
check_arguments
if [[ $how == --claim ]]; then rows=(concat add ccm); fi
if [[ $how == --trial ]]; then seeds=(1) iterations=5 work=$work/trial results=$work/results; fi

# What a row changes.
changes_of() {
  local module
  case $1 in
    ccm) ;;
    concat | add | se | ssma) echo "network.fusion=$1" ;;
    rgb | flow) for module in vattn fattn; do echo "network.$module.main=$1" "network.$module.aux=$1"; done ;;
    no-*) echo "loss.${1#no-}=0" ;;
    wtalc) echo network.kind=wtalc ;;
  esac
}

install_missing "read and average results" jq
build_programs co2net_measure_highlights co2net_claims
measure() {
  "$build/samples/co2net_measure_highlights" --clips "$data/clips.json" --annotations "$data/annotations.json" "$@"
}
data_hash=$(measure --hash --folder "$data/features")
for file in "$results"/*.json; do
  if [[ $how != --trial && -e $file && $(jq -r .data "$file") != "$data_hash" ]]; then
    refuse "$file is of other data than $data" "HIGHLIGHTS=DIR samples/highlights.sh $data keeps in DIR what this data gives"
  fi
done
test_files=()
while read -r id; do test_files+=("$data/features/$id.npy"); done \
  < <(jq -r '.database | to_entries[] | select(.value.subset == "test") | .key' "$data/annotations.json")

# settings_of ROW SEED: an argument a line.
settings_of() {
  local change
  printf '%s\n' --preset thumos14 --set length=60 --select last --iterations "$iterations" --seed "$2"
  for change in $(changes_of "$1"); do printf '%s\n' --set "$change"; done
}

# train_row ROW SEED DIR: trains, localizes and measures; DIR/result.json is the result.
train_row() {
  local row=$1 seed=$2 folder=$3 settings
  mkdir -p "$folder"
  mapfile -t settings < <(settings_of "$row" "$seed")
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
    + $highlights[0] | digits' >"$folder/result.json"
}

# is_done ROW SEED: by these settings on these data, with all that the claims need.
is_done() {
  local result=$results/$1-$2.json
  [[ -e $result && $(jq -r 'select(has("videos")) | "\(.data) \(.settings)"' "$result") == "$data_hash $(settings_of "$1" "$2" | xargs)" ]]
}

if [[ $how == --verify ]]; then
  rm -rf "$work/verify"
  train_row "$row" "$seed" "$work/verify"
  rm -rf "$work/verify/model"
  tell_difference "$results/$row-$seed.json" "$work/verify/result.json" .mean "$results/$row"-?.json
  exit
fi

mkdir -p "$work" "$results"
for seed in "${seeds[@]}"; do
  for row in "${rows[@]}"; do
    folder=$work/$row-$seed
    if ! is_done "$row" "$seed"; then
      echo "== $row, seed $seed"
      train_row "$row" "$seed" "$folder"
      mv "$folder/result.json" "$results/$row-$seed.json"
    fi
    rm -rf "$folder/model" "$folder/results.json" # hundreds of MB; scores and figures stay
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
  # As UMT's authors have them, in their paper and their README.
  echo '{"row": "published, MINI-Net", "mean": 0.6436}
    {"row": "published, UMT", "mean": 0.7493, "domains": {"dog": 0.6593, "gymnastics": 0.752, "parkour": 0.8164, "skating": 0.7181, "skiing": 0.7227, "surfing": 0.8271}}'
} >"$work/baselines.jsonl"

# A line a row, in %: the field's metric, its difference to ccm over the same seeds, the segments' mAP, and the domains.
jq -rs --arg order "${rows[*]}" '
  def mean: add / length;
  def percent: . * 1000 | round | if . == 0 then "0.0" else . / 10 | tostring | if contains(".") then . else . + ".0" end end;
  def average: if length == 0 or any(. == null) then "" else mean | percent end;
  def spread: if length < 2 or any(. == null) then "" else
    mean as $mean | " ± \(map((. - $mean) * (. - $mean)) | add / (length - 1) | sqrt | percent)" end;
  def told: average + spread;
  (map(select(.row == "ccm")) | map({key: "\(.seed)", value: .mean}) | from_entries) as $ccm |
  (.[0].domains | keys) as $domains |
  "| row | seeds | mean | over ccm | mAP | \($domains | join(" | ")) |",
  "|\(" --- |" * (5 + ($domains | length)))",
  (group_by(.row) | sort_by(.[0].row as $row | $order / " " | index($row)) | .[] | . as $all |
    [$all[0].row, ($all | map(.seed | values) | length | if . == 0 then "" else . end), ($all | map(.mean) | told),
     ([$all[] | select(.mAP and .row != "ccm" and $ccm["\(.seed)"]) | .mean - $ccm["\(.seed)"]] | told),
     ($all | map(.mAP) | told)] +
    [$domains[] as $domain | $all | map(.domains[$domain]) | average] |
    "| \(map(tostring) | join(" | ")) |")
' "$work/baselines.jsonl" "$results"/*.json | tee "$work/table.txt"
if [[ $how != --trial ]]; then
  judge_claims "$home/claims.json" --of highlights --results "$results" --seeds "${#seeds[@]}" "${claims[@]/#/--claim=}"
fi
