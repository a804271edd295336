#!/usr/bin/env bash
# From an I3D to answers that a person can act on, as the README's "Your own actions" goes: an I3D
# that knows the classes suggests labels for 120 drawn videos, the truth corrects them in the place
# of a person, 12 videos where nothing happens are added, a CO2-Net learns, and tells what happens in
# 60 unseen videos and 60 unseen ones where nothing does. Works in build/answers, goes on where it was
# interrupted, and leaves its table in answers.txt there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/stages.sh
source samples/stages.sh
work=build/answers
install_missing "correct labels and average attention" jq python3 python3-numpy
build_programs co2net_draw_actions co2net_train_i3d

draw() { "$build/samples/co2net_draw_actions" "$@"; }
quiet() { "$co2net" "$@" --cache "$work/cache" --log-level warning; }

# What a pretrained I3D is to others: its networks are the sample model's, and it learns the classes.
stage draw-clips none draw -o "$work/clips" --trimmed --seconds 1.28 --training 720 --test 180 --seed 21
stage classes draw-clips "$build/samples/co2net_train_i3d" --clips "$work/clips" -o "$work/i3d" \
  --networks samples/model --epochs 4 --seed 21
stage draw-videos none draw -o "$work/videos" --training 120 --training-background 12 --seed 22
stage draw-unseen none draw -o "$work/unseen" --test 60 --test-background 60 --seed 23
truth=$work/unseen/annotations.json

stage suggest classes quiet suggest "$work/videos" --model "$work/i3d" -o "$work/suggested.csv"

# correct BACKGROUND: the suggestions on standard input as a list of labels, each cell as the truth
# has it (without a label: BACKGROUND), without the columns that say who suggested what. How much
# that changed goes to standard error.
correct() {
  /usr/bin/python3 -c '
import csv, json, sys

videos, background = json.load(open(sys.argv[1]))["database"], sys.argv[2]
changed = suggested_labels = right = true_labels = 0
rows = list(csv.DictReader(sys.stdin))
print("file,label")
for row in rows:
    suggested = set(row["label"].split(";")) - {"?"}
    true = {segment["label"] for segment in videos[row["file"].removesuffix(".mp4")]["annotations"]}
    changed += suggested != true
    suggested_labels += len(suggested)
    right += len(suggested & true)
    true_labels += len(true)
    print(row["file"], ";".join(sorted(true)) or background, sep=",")
print(f"{changed} of {len(rows)} cells were changed: of {suggested_labels} suggested labels {right} are true,"
      f" of {true_labels} that there are", file=sys.stderr)' "$work/videos/annotations.json" "$1"
}
correct background <"$work/suggested.csv" >"$work/labels.csv" 2>"$work/corrections.txt"
correct "?" <"$work/suggested.csv" >"$work/labels-plain.csv" 2>/dev/null

# learn NAME LABELS: with a quarter held out, and for a set that is learned in a minute, of whose models the 201st and the last are judged.
learn() {
  stage "$1" suggest quiet train --videos "$work/videos" --labels "$2" --extractor "$work/i3d" \
    --held-out 0.25 --iterations 401 --set length=100 --set learning_rate=0.0003 -o "$work/$1"
}
learn model "$work/labels.csv"
learn plain "$work/labels-plain.csv"

# answer NAME MODEL OPTION...
answer() {
  quiet run "$work/unseen" --model "$2" --final -o "$work/$1.json" "${@:3}"
}
answer with-background "$work/model"
answer with-background-0.2 "$work/model" --operating-point 0.2
answer plain "$work/plain"
answer plain-0.2 "$work/plain" --operating-point 0.2
answer classes "$work/i3d"
for name in model plain; do # every candidate taken for an answer, as before there were final segments
  quiet run "$work/unseen" --model "$work/$name" | jq -c '.final = .results' >"$work/candidates-$name.json"
done

# attention MODEL: its mean over the background videos, from 0 to 1.
quiet extract "$work/unseen" --model "$work/i3d" -o "$work/features"
attention() {
  quiet localize "$work/features" --model "$1" --save-scores "$1/scores" -o /dev/null
  /usr/bin/python3 -c 'import glob, numpy, sys
rows = [numpy.load(file)["attn"] for file in glob.glob(sys.argv[1] + "/scores/*background*.npz")]
print("%.2f" % numpy.concatenate(rows).mean())' "$1"
}

# row NAME FILE ATTENTION
row() {
  "$co2net" eval "$work/$2.json" --ground-truth "$truth" --subset test --final --json --log-level warning | jq -r --arg name "$1" --arg attention "$3" '
    def rounded($digits): (. * pow(10; $digits) | round) / pow(10; $digits);
    (.accuracy[] | select(.tiou == 0.5)) as $at | .false_alarms.background as $alarms |
    [$name, .counts.segments, ($at.precision.value, $at.recall.value, $at.f1.value | rounded(2)),
     ($alarms | if .per_hour_below then "< \(.per_hour_below | rounded(1))" else .per_hour | rounded(1) end), $attention] | @tsv'
}
{
  cat "$work/corrections.txt"
  with=$(attention "$work/model") without=$(attention "$work/plain")
  {
    printf '\tsegments\tprecision\trecall\tF1\tfalse alarms/h\tattention\n'
    row "learned with background videos" with-background "$with"
    row "  from 0.2 on" with-background-0.2 "$with"
    row "  all candidates" candidates-model "$with"
    row "learned without" plain "$without"
    row "  from 0.2 on" plain-0.2 "$without"
    row "  all candidates" candidates-plain "$without"
    row "the I3D's classes, no training" classes -
  } | column -t -s $'\t'
} | tee "$work/answers.txt"
echo "The table is in $work/answers.txt; this call took $((SECONDS / 60)) min"
