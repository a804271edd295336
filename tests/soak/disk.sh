#!/usr/bin/env bash
# A disk that fails under a whole `run`: at each of its writes, synchronisations, renames, opens and
# closes in turn, and at each that reads the videos; one that is full; one without locks and without swaps of names; and videos that
# others cut off, lengthen and delete while they are read. A part of tests/soak.sh.
# shellcheck disable=SC2317  # what check calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
seconds_a_call=${SECONDS_A_CALL:-90}

prepare co2net co2net_draw_actions co2net_failing_disk
failing=$PWD/build/release/tests/libco2net_failing_disk.so
draw "$work/drawn" 2 6
mkdir "$work/videos" # of two snippets, so that a run is short
for video in "$work"/drawn/*.mp4; do
  ffmpeg -v error -i "$video" -t 1.4 "$work/videos/$(basename "$video")"
done

# run_on FOLDER [OPTION...]: the work, on the disk that is there.
run_on() {
  "$co2net" run "$work/videos" --model samples/model --cache "$1/cache" --keep frames --keep flow \
    --checkpoint 0 --log-level warn -o "$1/results.json" "${@:2}" 2>"$work/said"
}
mkdir "$work/reference"
run_on "$work/reference"

# complete FOLDER CODE: whether there are no results, or those of all videos, or of those that it
# says have not failed; and a reason where the code is not 0.
complete() {
  case $2 in
    0) cmp "$1/results.json" "$work/reference/results.json" ;;
    1) jq -e '(.results | length) + (.errors | length) == 2 and (.errors | length) > 0' "$1/results.json" &&
      same_but_for_errors "$1/results.json" ;;
    3) [[ -s $work/said && ! -e $1/results.json ]] ;;
    *) return 1 ;;
  esac
}
same_but_for_errors() {
  [[ $(jq -S --slurpfile all "$work/reference/results.json" \
    '.results | to_entries | all(.value == $all[0].results[.key])' "$1") == true ]]
}
# again FOLDER: what is left serves a run on a disk that works, which may know the model no more.
again() {
  run_on "$1" && cmp "$1/results.json" "$work/reference/results.json" && ! grep -v 'is not known here' "$work/said"
}
# examine WHAT FOLDER CODE
examine() {
  check "$1: exit code $3, or a wrong result" complete "$2" "$3"
  check "$1: files that nobody owns" no_orphans "$2"
  check "$1: no good base for the next run" again "$2"
}

# with_fault CALL NTH ERRNO BELOW: a run, on a new $work/disk, of which such a call for a file below
# BELOW fails; prints its exit code.
with_fault() {
  local code=0
  rm -rf "$work/told" "$work/disk"
  mkdir "$work/disk"
  FAIL_CALL=$1 FAIL_NTH=$2 FAIL_ERRNO=$3 FAIL_BELOW=$4 FAIL_TOLD=$work/told LD_PRELOAD=$failing \
    run_on "$work/disk" || code=$?
  echo "$code"
}

# each_fails CALL ERRNO BELOW WHAT: the first, the second, ..., as long as there is time.
each_fails() {
  local n=0 end=$((SECONDS + seconds_a_call)) code all=""
  while ((SECONDS < end)); do
    code=$(with_fault "$1" $((n + 1)) "$2" "$3")
    if [[ ! -e $work/told ]]; then
      all=", which are all"
      break
    fi
    n=$((n + 1))
    examine "$1 $n" "$work/disk" "$code"
  done
  sum_up "a $1 $4 fails: the first, the second, ... ($n$all)" "$n"
}
each_fails rename 5 "$work/disk" "of results" # EIO
each_fails sync 5 "$work/disk" "of results"
each_fails write 28 "$work/disk" "of results" # ENOSPC
each_fails open 24 "$work/disk" "of results"  # EMFILE
each_fails close 28 "$work/disk" "of results"
each_fails read 5 "$work/videos" "of a video"

for fault in "lock 37" "exchange 22"; do # ENOLCK, EINVAL
  read -r call error <<<"$fault"
  check "exit code" test "$(with_fault "$call" 0 "$error" "$work/disk")" = 0
  examine "$call" "$work/disk" 0
done
sum_up "a file system without locks; one without swaps of names" 2

full=0
trap 'umount -q "$work/disk" || true' EXIT
while ((EUID == 0 && full < 20)); do
  rm -rf "$work/disk"
  mkdir -p "$work/disk"
  mount -t tmpfs -o "size=$(((full + 1) * 200))k" tmpfs "$work/disk" || break
  full=$((full + 1))
  code=0
  run_on "$work/disk" || code=$?
  check "full $full: exit code $code, or a wrong result" complete "$work/disk" "$code"
  check "full $full: files that nobody owns" no_orphans "$work/disk"
  umount "$work/disk"
done
sum_up "a full disk, of 200 kB to 4 MB$( ((full > 0)) || echo '; not tried, which takes the right to mount')" "$full"

changes=0
for change in "truncate -s 5000" "truncate -s +5000" "rm" "cp /dev/null"; do
  for _ in 1 2 3 4 5; do
    changes=$((changes + 1))
    rm -rf "$work/disk" "$work/changing"
    mkdir "$work/disk"
    cp -r "$work/videos" "$work/changing"
    victim=$(find "$work/changing" -name '*.mp4' | sort | tail -1)
    "$co2net" run "$work/changing" --model samples/model --no-cache --log-level warn \
      -o "$work/disk/results.json" 2>"$work/said" &
    runner=$!
    pause 1500
    $change "$victim"
    code=0
    wait "$runner" || code=$?
    check "$change: exit code $code" test "$code" = 0 -o "$code" = 1
    check "$change: other results" same_but_for_errors "$work/disk/results.json"
  done
done
sum_up "a video that is cut off, grows, vanishes or is emptied meanwhile: an error of it alone, or none" "$changes"
exit "$failed"
