#!/usr/bin/env bash
# Results, log and exit code are the same whatever finishes first: features of 200 videos, some of them damaged, are
# localized by 1 to 8 threads, TRIES (20) times; and videos with 1 to 4 threads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
tries=${TRIES:-20}
work=$soak/order

build co2net co2net_draw_actions
rm -rf "$work"
mkdir -p "$work/features"
build/release/samples/co2net_draw_actions -o "$work/drawn" --test 3 --seconds 8 --seed "$SEED" >/dev/null
"$co2net" extract "$work/drawn" --model samples/model --no-cache --log-level error -o "$work/extracted"
# Lengths differ, so that what begins first does not end first; some have no sidecar, some are cut off.
/usr/bin/python3 - "$work" <<'END'
import pathlib, random, sys
import numpy as np

work = pathlib.Path(sys.argv[1])
first = sorted((work / "extracted").rglob("*.npy"))[0]
rows, chance = np.load(first), random.Random(1)
for n in range(200):
    file = work / "features" / f"{n:03}.npy"
    np.save(file, np.resize(rows, (chance.choice((1, 4, 40, 400)), rows.shape[1])))
    if n % 9 == 4:
        file.write_bytes(file.read_bytes()[:-5])
END

# without_times FILE: what stages took is the clock's.
without_times() { sed -E 's/ +[0-9.]+ s$//' "$1"; }

# localized THREADS: exit code, results and log
localized() {
  local code=0
  "$co2net" localize "$work/features" --model samples/model --no-cache -j "$1" --progress off -o "$work/results.json" 2>"$work/log" || code=$?
  echo "$code"
  cat "$work/results.json"
  without_times "$work/log"
}
ran() {
  local code=0
  "$co2net" run "$work/drawn" "$work/absent.mp4" --model samples/model --no-cache -j "$1" --progress off -o "$work/results.json" 2>"$work/log" || code=$?
  echo "$code"
  cat "$work/results.json"
  without_times "$work/log"
}
localized 1 >"$work/reference"
grep -q '^1$' "$work/reference"
wrong=0
for ((i = 0; i < tries; ++i)); do
  localized $((2 + RANDOM % 7)) >"$work/again"
  cmp "$work/reference" "$work/again" || wrong=$((wrong + 1))
done
row "200 files of features localized by 2 to 8 threads: other bytes, log or exit code than by one" "$tries" "$((tries - wrong))" "$wrong"
ran 1 >"$work/reference"
for threads in 2 3 4; do
  ran "$threads" >"$work/again"
  cmp "$work/reference" "$work/again" || wrong=$((wrong + 1))
done
row "videos run with 2 to 4 threads, likewise" 3 "$((wrong == 0 ? 3 : 0))" "$wrong"
((wrong == 0))
