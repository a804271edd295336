#!/usr/bin/env bash
# Results, log and exit code are the same whatever finishes first: features of 200 videos, some of them damaged, are
# localized by 1 to 8 threads, TRIES (20) times; and videos with 1 to 4 threads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
tries=${TRIES:-20}

prepare co2net co2net_draw_actions
mkdir "$work/features"
draw "$work/drawn" 3 8
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

# outcome FILE COMMAND...: exit code, results and log
outcome() {
  local code=0
  "$co2net" "${@:2}" --model samples/model --no-cache --progress off -o "$work/results.json" 2>"$work/log" || code=$?
  { echo "$code"; cat "$work/results.json"; without_times "$work/log"; } >"$1"
}

localize=(localize "$work/features")
run=(run "$work/drawn" "$work/absent.mp4")
outcome "$work/localized" "${localize[@]}" --threads 1
outcome "$work/ran" "${run[@]}" --threads 1
check "no error among the results" grep -qx 1 "$work/localized" "$work/ran"
for ((i = 0; i < tries; ++i)); do
  threads=$((2 + RANDOM % 7))
  outcome "$work/again" "${localize[@]}" --threads "$threads"
  check "$threads threads" cmp "$work/localized" "$work/again"
done
sum_up "200 files of features localized by 2 to 8 threads: bytes, log and exit code of one thread" "$tries"
for threads in 2 3 4; do
  outcome "$work/again" "${run[@]}" --threads "$threads"
  check "$threads threads" cmp "$work/ran" "$work/again"
done
sum_up "videos run by 2 to 4 threads, one broken, likewise" 3
exit "$failed"
