#!/usr/bin/env bash
# benchmark/1: the paper's comparisons on drawn videos, from pixels, as samples/benchmark/PROTOCOL.md has laid down beforehand.
#
#   samples/benchmark.sh                       does what is not done yet, and prints the tables and claims
#   samples/benchmark.sh --quick               one seed of a few rows, in 20 minutes; proves nothing
#   samples/benchmark.sh --verify [ROW SEED]   trains one committed result again (drawn at random unless named) and tells the difference
#   samples/benchmark.sh --validate ROW SEED [KEY=VALUE...]   trains with other settings and judges on the validation videos alone
#
# Works in build/benchmark. A training takes 10 to 30 s; each that is done leaves its result in samples/benchmark/results, and is not
# done again, here or on another machine. So it may be interrupted at any time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
work=build/benchmark
home=samples/benchmark
results=$home/results
i3d=$home/i3d
# shellcheck source=samples/benchmark/settings.sh
source "$home/settings.sh"
# shellcheck source=samples/benchmark/videos.sh
source "$home/videos.sh"

# Rows that claims rest on, whose rankings are kept.
mapfile -t claimed_rows < <(printf '%s\n' "${claims[@]}" | tr '>' '\n' | sort -u)

usage() {
  sed -n '2,/^set/ s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# settings_of ROW: what it changes; nothing for a row that there is not.
settings_of() { awk -v row="$1" '$1 == row { for (i = 3; i <= NF; ++i) print $i }' "$home/rows.txt"; }
rows() { awk '!/^#/ && NF > 1 { print $1 }' "$home/rows.txt"; }
seeds_of() { awk -v row="$1" '$1 == row { print $2 }' "$home/rows.txt"; }

# train ROW SEED FOLDER [KEY=VALUE...]
train() {
  local row=$1 seed=$2 folder=$3 setting changed=()
  for setting in $(settings_of "$row") "${@:4}"; do changed+=(--set "$setting"); done
  "$co2net" train --features "$work/features/training" --annotations "$work/training/annotations.json" \
    --extractor "$i3d" --name "benchmark-1" "${benchmark_training[@]}" --held-out 0 "${changed[@]}" --seed "$seed" \
    --log-level warning -o "$folder" >/dev/null
}

# localize FOLDER SUBSET RESULTS
localize() {
  "$co2net" localize "$work/features/$2"/*.npy --model "$1" --no-cache --log-level error -o "$3"
}

# evaluate RESULTS SUBSET PROTOCOL TIOU: JSON
evaluate() {
  "$co2net" eval "$1" --ground-truth "$work/$2/annotations.json" --protocol "$3" --tiou "$4" --json --log-level error
}

# by_protocol RESULTS SUBSET PROTOCOL: mAP over both ranges of thresholds.
by_protocol() {
  local range
  for range in 0.1:0.1:0.7 0.5:0.05:0.95; do evaluate "$1" "$2" "$3" "$range"; done | jq -sc '
    def rounded: . * 1e6 | round / 1e6;
    def figures: {mAP: [.mAP[] | rounded], average: (.average | rounded)};
    {"0.1:0.7": (.[0] | figures), "0.5:0.95": (.[1] | figures)}'
}

# judge ROW SEED RESULTS SUBSET: the figures of a training, in a few hundred bytes.
judge() {
  jq -nc --arg row "$1" --argjson seed "$2" --arg depends_on "$(depends_on "$1" "$2")" \
    --argjson activitynet "$(by_protocol "$3" "$4" activitynet)" --argjson thumos "$(by_protocol "$3" "$4" thumos)" '
    {schema: "co2net.benchmark-result/1", benchmark: "benchmark/1", row: $row, seed: $seed,
     depends_on: $depends_on, activitynet: $activitynet, thumos: $thumos}'
}

# depends_on ROW SEED: a hash of all that a result depends on but the program, which --verify is for.
depends_on() {
  {
    echo "benchmark/1 $1 $2"
    settings_of "$1"
    echo "${benchmark_training[@]}"
    grep -E '^(training|test) ' "$home/frames.txt"
    cat "$i3d"/model.json "$i3d"/i3d_rgb.pt "$i3d"/i3d_flow.pt
  } | sha256sum | head -c 64
}

# rankings_of ROW SEED FOLDER: the files of a row that a claim rests on.
rankings_of() {
  local protocol
  if [[ " ${claimed_rows[*]} " != *" $1 "* ]]; then return; fi
  for protocol in activitynet thumos; do echo "$3/$1/seed-$2.$protocol.ranking"; done
}

# is_done ROW SEED FOLDER
is_done() {
  local file=$3/$1/seed-$2.json ranking
  for ranking in $(rankings_of "$@"); do [[ -e $ranking ]] || return 1; done
  [[ -e $file && $(jq -r .depends_on "$file") == "$(depends_on "$1" "$2")" ]]
}

# keep ROW SEED RESULTS FOLDER: its figures and, where a claim rests on the row, its rankings.
keep() {
  local ranking protocol
  mkdir -p "$4/$1"
  for ranking in $(rankings_of "$1" "$2" "$4"); do
    protocol=${ranking%.ranking}
    "$build/samples/benchmark/co2net_rank" --results "$3" --ground-truth "$work/test/annotations.json" \
      --protocol "${protocol##*.}" -o "$ranking"
  done
  judge "$1" "$2" "$3" test >"$work/judged.json"
  mv "$work/judged.json" "$4/$1/seed-$2.json"
}

# run_row ROW SEED FOLDER: trains and judges on the test videos.
run_row() {
  local row=$1 seed=$2 start=$SECONDS
  if is_done "$row" "$seed" "$3"; then return; fi
  rm -rf "$work/model"
  train "$row" "$seed" "$work/model"
  localize "$work/model" test "$work/results.json"
  keep "$row" "$seed" "$work/results.json" "$3"
  echo "== $row, seed $seed: $(jq '.activitynet["0.1:0.7"].average * 1000 | round / 10' "$3/$row/seed-$seed.json")% in $((SECONDS - start)) s"
}

# run_baselines SEED FOLDER
run_baselines() {
  local seed=$1 name todo=() flow=()
  for name in "${baselines[@]}"; do
    if [[ $name != flow-magnitude || $seed == 1 ]] && ! is_done "$name" "$seed" "$2"; then todo+=("$name"); fi
  done
  if ((${#todo[@]} == 0)); then return; fi
  jq -s '{version: .[0].version, database: (.[0].database + .[1].database)}' \
    "$work/training/annotations.json" "$work/test/annotations.json" >"$work/both.json"
  if [[ " ${todo[*]} " == *" flow-magnitude "* ]]; then
    # shellcheck disable=SC2046  # settings have no spaces
    stage flow features-test "$co2net" flow "$work/test" --save mkv --log-level warning $(recipe_settings) -o "$work/flow"
    flow=(--flow "$work/flow")
  fi
  "$build/samples/co2net_bounds" --features "$work/features/training" --features "$work/features/test" \
    --annotations "$work/both.json" --model "$i3d" "${flow[@]}" --seed "$seed" -o "$work/baselines"
  for name in "${todo[@]}"; do keep "$name" "$seed" "$work/baselines/$name.json" "$2"; done
  echo "== baselines, seed $seed"
}

# The recipe of the I3D as options, for the same flow.
recipe_settings() {
  jq -r '.recipe | del(.name, .schema) | paths(scalars) as $path |
         "--recipe-set\n\($path | map(tostring) | join("."))=\(getpath($path))"' "$i3d/model.json"
}

# table FOLDER: mean and deviation over the seeds that are there, in Markdown.
table() {
  local row files
  echo "| row | seeds | activitynet 0.5 | 0.1:0.7 | 0.5:0.95 | thumos 0.5 | 0.1:0.7 | 0.5:0.95 |"
  echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
  for row in "${baselines[@]}" $(rows); do
    files=("$1/$row"/seed-*.json)
    if [[ ! -e ${files[0]} ]]; then continue; fi
    jq -rs --arg row "$row" '
      def mean: add / length;
      def deviation: mean as $mean | if length > 1 then
        " ± \((map((. - $mean) * (. - $mean)) | add / (length - 1)) | sqrt * 1000 | round / 10)" else "" end;
      def cell: "\(mean * 1000 | round / 10)\(deviation)";
      def cells(of): "\(map(of["0.1:0.7"].mAP[4]) | cell) | \(map(of["0.1:0.7"].average) | cell) | \(map(of["0.5:0.95"].average) | cell)";
      "| \($row) | \(length) | \(cells(.activitynet)) | \(cells(.thumos)) |"' "${files[@]}"
  done
}

prepare() {
  local subset
  install_missing "run the benchmark" "${build_packages[@]}" jq
  build_programs co2net_draw_actions co2net_train_i3d co2net_bounds co2net_rank co2net_claims
  mkdir -p "$work"
  for subset; do draw "$subset"; features "$subset"; done
}

run_all() {
  local row seed
  prepare training test
  for seed in 1 2 3 4 5 6 7 8 9 10; do
    if ((seed <= 5)); then run_baselines "$seed" "$results"; fi
    for row in $(rows); do
      if ((seed <= $(seeds_of "$row"))); then run_row "$row" "$seed" "$results"; fi
    done
  done
  {
    table "$results"
    echo
    judge_claims "$home/claims.json" --results "$results" "${claims[@]/#/--claim=}"
    echo
    echo "The same differences by the protocol thumos, which are no claims:"
    judge_claims "$home/differences-thumos.json" --of thumos --results "$results" "${claims[@]/#/--claim=}"
  } | tee "$work/benchmark.txt"
  echo "The tables are in $work/benchmark.txt; this call took $((SECONDS / 60)) min"
}

run_quick() {
  local row
  baselines=(random oracle-labels supervised) # flow would take its time
  prepare training test
  run_baselines 1 "$work/quick"
  for row in "${quick_rows[@]}"; do run_row "$row" 1 "$work/quick"; done
  table "$work/quick"
  echo "One seed of a few rows: this shows that the benchmark runs, and no difference between rows. It took $((SECONDS / 60)) min"
}

# What is committed against what this machine gives.
verify() {
  local row=${1-} seed=${2-} file ranking
  if [[ -z $row ]]; then
    file=$(find "$results" -name 'seed-*.json' | shuf -n 1)
    row=$(jq -r .row "$file") seed=$(jq -r .seed "$file")
  fi
  file=$results/$row/seed-$seed.json
  if [[ ! -e $file ]]; then
    echo "There is no $file to verify" >&2
    exit 1
  fi
  prepare training test
  rm -rf "$work/verified"
  if [[ -n $(seeds_of "$row") ]]; then run_row "$row" "$seed" "$work/verified"; else run_baselines "$seed" "$work/verified"; fi
  for ranking in $(rankings_of "$row" "$seed" ""); do cmp "$results$ranking" "$work/verified$ranking" || true; done
  tell_difference "$file" "$work/verified/$row/seed-$seed.json" '.activitynet["0.1:0.7"].average' "$results/$row"/seed-*.json
}

validate() {
  local row=$1 seed=$2
  if [[ -z $(seeds_of "$row") ]]; then
    echo "No row is called $row: $(rows | xargs)" >&2
    exit 1
  fi
  prepare training validation
  rm -rf "$work/validated"
  train "$row" "$seed" "$work/validated" "${@:3}"
  localize "$work/validated" validation "$work/validated.json"
  judge "$row" "$seed" "$work/validated.json" validation
}

case ${1-} in
  '') run_all ;;
  --quick) (($# == 1)) || usage; run_quick ;;
  --verify) (($# == 1 || $# == 3)) || usage; verify "${@:2}" ;;
  --validate) (($# >= 3)) || usage; validate "${@:2}" ;;
  *) usage ;;
esac
