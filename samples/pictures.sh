#!/usr/bin/env bash
# The pictures of README.md, samples/pictures/*.png: the pages that co2net writes of the videos that
# demo.sh drew, in headless Chromium, and a figure of one of them. Needs demo.sh to have run, and the packages of tests/browser.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=build/demo
co2net=build/release/cli/co2net
truth=$demo/videos/annotations.json

rm -rf "$demo/report"
"$co2net" run "$demo/videos" --model samples/model --cache "$demo/cache" -o "$demo/results.json" --save-scores "$demo/scores"
"$co2net" eval "$demo/results.json" --ground-truth "$truth" --tiou 0.1:0.1:0.9 --report "$demo/report"
"$co2net" report "$demo/results.json" --ground-truth "$truth" --scores "$demo/scores" -o "$demo/report"
# Whoever believes too much is what the figure compares with.
"$co2net" run "$demo/videos" --model samples/model --cache "$demo/cache" --operating-point 0.05 -o "$demo/eager.json"
"$co2net" report "$demo/results.json" --ground-truth "$truth" --compare "$demo/eager.json" --scores "$demo/scores" \
  --id test_0008 --png --width 1280 -o "$demo/figures"
/usr/bin/python3 -B samples/pictures.py "$demo/report" "$demo/pictures"

# A palette makes them a third of the size.
mkdir -p samples/pictures
cp "$demo/figures/test_0008.png" "$demo/pictures/figure.png"
for picture in "$demo"/pictures/*.png; do
  ffmpeg -nostdin -v error -y -i "$picture" -filter_complex 'split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none' \
    "samples/pictures/${picture##*/}"
done
ls -l samples/pictures
