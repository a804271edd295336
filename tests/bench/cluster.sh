#!/usr/bin/env bash
# What samples/cluster/README.md reckons the needs of a cluster from: processor time and bytes of a
# video, of the start of a process and of merge, the operations on the file system, and how even
# shares are.
#
#     tests/bench/cluster.sh VIDEO...
#
# VIDEO: what a minute of it takes. ANNOTATIONS: activity_net.v1-2.json, whose lengths of videos are
# taken for the shares; without it there are none. BUILD names the build folder. The network of full
# size has random weights. Debian: strace, jq.
set -euo pipefail
annotations=${ANNOTATIONS:+$(realpath -e "$ANNOTATIONS")}
videos=()
for video; do videos+=("$(realpath -e -- "$video")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$(realpath "${BUILD:-build/release}")
model=$PWD/samples/model
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export PATH=$build/cli:$PATH
TIMEFORMAT='%U %S'

sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1
cd "$dir"
"$build/samples/co2net_make_bundle" -o full --width 1 --preset activitynet1.2
"$build/samples/co2net_draw_actions" -o small --test 8 --seconds 6 --seed 9 >log

# of_process COMMAND...: prints the processor time that it took.
of_process() { { time "$@" >log 2>&1; } 2>&1 | awk '{ print $1 + $2 }'; }
run() { co2net run "$1" --model full --threads 1 --cache cache --stats stats.json -o results.json "${@:2}"; }
size_of_cache() { du -s --apparent-size --block-size=1 cache | cut -f1; }

for video in "${videos[@]}"; do
  rm -rf cache
  run "$video" --shard 1/1000 >log 2>&1 # the model is hashed
  before=$(size_of_cache)
  new=$(of_process run "$video")
  peak=$(jq '.peak_rss_bytes / 1e6 | round' stats.json)
  cached=$(of_process run "$video")
  jq -r --arg video "${video##*/}" --argjson new "$new" --argjson cached "$cached" --argjson peak "$peak" \
    --argjson bytes "$(($(size_of_cache) - before))" '
      .videos[] | (60 / .duration) as $times | (.duration * 100 | round / 100) as $seconds |
      "\($video), \($seconds) s: \(($new - $cached) * $times * 10 | round / 10) s a minute, \($cached) s once it is cached, " +
      "\($peak) MB of memory, \($bytes * $times | round) bytes in the cache a minute"' results.json
  jq -r '"  results: \([.results, .videos, .final] | tojson | length) bytes"' results.json
done

# What eight videos take beyond four, a video.
mkdir four
cp small/test_000[1-4].mp4 four
traced() { # FOLDER OUTPUT
  strace -f -c -o "$2" -e trace=%file,%desc co2net run "$1" --model "$model" --cache "cache-$1" --threads 1 -o results.json --log-level error
}
for folder in four small; do
  mkdir "cache-$folder"
  co2net run "$folder" --model "$model" --shard 1/1000 --cache "cache-$folder" -o results.json --log-level error
  for state in new cached; do traced "$folder" "$folder-$state"; done
done
for state in new cached; do
  echo "operations a video, $state:"
  awk '$NF == "syscall" || $NF == "total" || $4 !~ /^[0-9]+$/ { next }
    { of[$NF] += FILENAME ~ /^small/ ? $4 : -$4 }
    END {
      open = of["openat"]; facts = of["newfstatat"] + of["statx"] + of["access"] + of["readlink"]
      change = of["mkdir"] + of["ftruncate"] + of["utimensat"]
      printf "  open %.1f, stat and readlink %.1f, rename %.1f, unlink %.1f, mkdir, truncate and times %.1f, lock and unlock %.1f, fsync %.1f, read %.1f, write %.1f\n",
        open / 4, facts / 4, (of["rename"] + of["renameat2"]) / 4, of["unlink"] / 4, change / 4, of["flock"] / 4, of["fsync"] / 4,
        (of["read"] + of["pread64"]) / 4, (of["write"] + of["pwrite64"]) / 4
    }' "four-$state" "small-$state"
done

# 20,000 videos with 25 candidates each, made of the last results of above, in 64 parts.
/usr/bin/python3 - <<'END'
import copy, json
whole = json.load(open("results.json"))
ids = list(whole["videos"])
parts = [copy.deepcopy({**whole, "results": {}, "videos": {}, "final": {}}) for _ in range(64)]
for number in range(20000):
    part, new, old = parts[number % 64], f"v_{number:011d}", ids[number % len(ids)]
    part["results"][new] = (whole["results"][old] * 25)[:25]
    for key in "videos", "final":
        part[key][new] = whole[key][old]
for number, part in enumerate(parts):
    json.dump(part, open(f"part-{number}.json", "w"))
END
echo "merge of 20,000 videos in 64 parts of $(du -c --apparent-size -m part-*.json | tail -1 | cut -f1) MB:" \
  "$(of_process co2net merge part-*.json -o merged.json) s of one thread"
# 20,000 names, of which a process takes one share.
mkdir names
(cd names && seq -f 'v_%011.0f.mp4' 20000 | xargs touch)
strace -f -c -o listing -e trace=%file,getdents64 co2net run names --shard 0/1000000 --model "$model" --cache cache-four -o results.json --log-level error
echo "start of a process beside 20,000 names: $(of_process co2net run names --shard 0/1000000 --model "$model" --cache cache-four -o results.json) s," \
  "$(awk '$NF ~ /^(newfstatat|statx|access|readlink|openat|getdents64)$/ { sum += $4 } END { print sum }' listing) operations on files"

[[ -n $annotations ]] || exit 0
/usr/bin/python3 - "$annotations" <<'END'
import hashlib, heapq, json, sys
database = json.load(open(sys.argv[1]))["database"]
videos, total = [], 648 * 60  # as many copies as make 648 hours
copy = 0
while total > 0:
    for video, facts in database.items():
        if total > 0:
            videos.append((f"v_{video}-{copy}", facts["duration"] / 60))
            total -= facts["duration"] / 60
    copy += 1
minutes = sum(length for _, length in videos)
print(f"shares of {len(videos)} videos, {minutes / 60:.0f} hours, the longest {max(l for _, l in videos):.1f} minutes:")
for at_once in 16, 64, 256, 1024:
    for factor in 1, 4, 16:
        shares = [0] * (at_once * factor)
        for video, length in videos:
            digest = hashlib.sha256(video.encode()).hexdigest()
            shares[int(digest[:16], 16) % len(shares)] += length
        ends = [0] * at_once  # of each that takes the array's next share when it has done one
        for share in shares:
            heapq.heappush(ends, heapq.heappop(ends) + share)
        print(f"  {at_once} at once, {len(shares)} shares: {max(ends) / (minutes / at_once):.2f} times the even time")
END
