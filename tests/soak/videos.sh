#!/usr/bin/env bash
# Videos as strangers send them: COUNT (2500) files that hostile_videos.py writes. Each is decoded by a process of its
# own under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, which may neither crash nor hang; and once
# more by a release whose system calls show that it opened nothing else and asked for no connection.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
count=${COUNT:-2500}

build asan-ubsan co2net_decode
prepare co2net_decode
mkdir "$work/out" "$work/calls"
written=$(/usr/bin/python3 tests/soak/hostile_videos.py "$work" "$count" "$SEED")

# decode FILE: 0 for frames, 1 for a refusal; everything else is a loss.
decode() {
  local code=0
  timeout --kill-after=5 60 build/asan-ubsan/tests/co2net_decode "$1" >"$2/$(basename "$1").out" 2>"$2/$(basename "$1").err" || code=$?
  ((code <= 1)) || echo "$1: exit code $code"
}
export -f decode
export UBSAN_OPTIONS=print_stacktrace=1
find "$work/files" -type f -print0 | xargs -0 -P "$(nproc)" -I{} bash -c 'decode "$@"' _ {} "$work/out" >"$work/lost"
cat "$work/lost"
with_frames=$(cat "$work"/out/*.out | grep -c ': frames [1-9]' || true)
row "$written mutated videos under ASan, LSan and UBSan, 60 s each; $with_frames give frames" "$written" \
  "$((written - $(wc -l <"$work/lost")))" "$(wc -l <"$work/lost")"
if ((with_frames * 2 < written)); then
  echo "Too few files have frames" >&2
  exit 1
fi

# Fifty files a process: it may open these, one after the other, what the system is made of, and nothing else. 4 GB of
# address space do.
ulimit -v $((4 << 20))
# shellcheck disable=SC2016
find "$work/files" -type f -print0 | xargs -0 -P "$(nproc)" -n 50 bash -c '
  printf "%s\n" "$@" >"$0/calls/$$.files"
  strace -f -qq -o "$0/calls/$$.calls" -e trace=open,openat,openat2,socket,connect,execve \
    build/release/tests/co2net_decode "$@" >/dev/null || (($? == 1))' "$work" || exit 1
grep -hEo '(open|openat|openat2|socket|connect|execve)\(.*' "$work"/calls/*.calls |
  grep -Ev "\"(/proc|/sys|/usr|/lib|/etc/ld.so|/etc/gcrypt|/etc/localtime)[^\"]*\"|\"$work/files/[^\"/]*\", O_RDONLY|^execve\(\"build/release/tests/co2net_decode\"" >"$work/strange" || true
for calls in "$work"/calls/*.calls; do
  diff <(grep -o "\"$work/files/[^\"]*\", O_RDONLY" "$calls" | cut -d '"' -f 2) "${calls%.calls}.files" || true
done >>"$work/strange"
head -20 "$work/strange"
row "what these open besides themselves: files, connections" "$written" "$((written - $(wc -l <"$work/strange")))" \
  "$(wc -l <"$work/strange")"
[[ ! -s $work/lost && ! -s $work/strange ]]
