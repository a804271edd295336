#!/usr/bin/env bash
# samples/cluster under real schedulers, with faults: 24 drawn videos by a Slurm of three nodes on
# this machine, by Snakemake, by the command of the Kubernetes job, by GNU parallel, and by processes
# that share a cache. What each gives must be the bytes of one process. Ends with a table. As root;
# all of it lives in build/cluster, and ends with the script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
work=$PWD/build/cluster
if ((EUID != 0)); then
  echo "A cluster's services start as root: sudo tests/cluster.sh" >&2
  exit 1
fi

install_missing "build co2net and run a cluster" "${build_packages[@]}" slurm-wlm munge snakemake parallel bubblewrap python3-yaml jq
cmake --preset release >/dev/null
cmake --build --preset release --target co2net co2net_draw_actions
rm -rf "$work"
mkdir -p "$work"/{state,spool,data}
export PATH=$PWD/build/release/cli:$PATH
unset "${!OPENBLAS_@}" # which choose other kernels, of other bytes, and which pods do not have
build/release/samples/co2net_draw_actions -o "$work/data/videos" --test 24 --seconds 30 --seed 9 >"$work/draw.log"
cp -r samples/model "$work/data/model"

videos=$work/data/videos model=$work/data/model
co2net run "$videos" --model "$model" --no-cache --log-level error -o "$work/whole.json"

# row ENGINE TASKS FAULTS RESULTS: of the table; what the results lack of the whole, and whether they
# are its bytes.
rows=() all_good=1
row() {
  local lost same=no
  lost=$(jq --slurpfile got "$4" '(.videos | keys) - ($got[0].videos | keys) | length' "$work/whole.json")
  ! cmp "$4" "$work/whole.json" || same=yes
  [[ $same == yes ]] || all_good=0
  rows+=("| $1 | $2 | $3 | $lost | $same |")
  echo "${rows[-1]}"
}

# until_true COMMAND...: waits for it, for ten minutes.
until_true() {
  local tries
  for ((tries = 0; tries < 6000; ++tries)); do
    ! "$@" || return 0
    sleep 0.1
  done
  echo "still not: $*" >&2
  return 1
}
fail() {
  echo "$1" >&2
  exit 1
}

# kill_midway PATTERN LOG: the process with that command line, once its log has a video that is done.
is_midway() { grep -q 'proposals .*miss' "$1" 2>/dev/null; }
kill_midway() {
  until_true is_midway "$2"
  pkill -KILL --full -- "$1" || fail "$1 had ended before it could be killed"
}

no_jobs() { [[ -z $(squeue -h 2>/dev/null) ]]; }

# munged wants folders that only root can write to above its socket.
run=$(mktemp -d /run/co2net-cluster.XXXXXX)
chmod 755 "$run"
export SLURM_CONF=$work/slurm.conf
# An interrupted script leaves tasks, too, whose processes are not its own.
stop() {
  ! scancel --user root 2>/dev/null || until_true no_jobs || true
  jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
  wait
  rm -rf "$run"
}
trap stop EXIT

head -c 1024 /dev/urandom >"$run/key"
chmod 400 "$run/key"
munged --foreground --force --key-file "$run/key" --socket "$run/munge" --pid-file "$run/munge.pid" \
  --log-file "$run/munge.log" --seed-file "$run/munge.seed" 2>"$work/munged.log" &

# A node that does not answer is down after half a minute, and its tasks start again ten seconds later.
cat >"$SLURM_CONF" <<END
ClusterName=co2net
SlurmctldHost=$(hostname -s)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$run/munge,cred_expire=10
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$run/slurmctld.pid
SlurmdPidFile=$run/%n.pid
SlurmctldPort=16817
SlurmdTimeout=30
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=co2net[1-3] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[16821-16823] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP
END
slurmctld -D -f "$SLURM_CONF" >"$work/slurmctld.log" 2>&1 &
start_node() {
  mkdir -p "$work/spool/$1"
  slurmd -D -N "$1" -f "$SLURM_CONF" >>"$work/slurmd-$1.log" 2>&1 &
}
for node in co2net1 co2net2 co2net3; do start_node "$node"; done
nodes_are() { [[ $(sinfo -h -o %t 2>/dev/null | sort -u) == "$1" ]]; } # all of them
until_true nodes_are idle
sinfo --Node

fact() { scontrol show job "$1" -o | grep -oP "\b$2=\K\S+" | head -1; } # JOB NAME
# submit OUT: by samples/cluster/slurm.sh; `array`, `merging` and `job` are those of the submission.
submit() {
  local said
  said=$(TASKS=4 samples/cluster/slurm.sh "$videos" "$model" "$1")
  echo "$said"
  array=$(grep -oP '^Job array \K\d+' <<<"$said")
  merging=$(grep -oP '^Job \K\d+(?= merges)' <<<"$said")
  job=$(grep -oP 'parts are in \K.*' <<<"$said")
}

echo "== Slurm: shares of arrays"
# array ARRAY SHARD: its tasks, with their results in parts/.
array() {
  rm -rf "$work/parts"
  mkdir "$work/parts"
  sbatch --quiet --wait --array="$1" --output="$work/parts/%a.log" --wrap \
    "co2net run $videos --model $model --shard $2 --cache $work/cache -o $work/parts/\$SLURM_ARRAY_TASK_ID.json"
}
for line in "0-2 env" "0-2 env/3" "4-7 env/4@4"; do
  read -r ids shard <<<"$line"
  array "$ids" "$shard"
  parts=("$work"/parts/*.json)
  co2net merge "${parts[@]}" --inputs "$videos" -o "$work/together.json"
  row "Slurm, --array=$ids --shard $shard" "${#parts[@]}" none "$work/together.json"
done
# One task again takes its own share; without the number of all it is refused, as is an array of
# which nothing tells whether it is whole.
array 2 env/3
jq -e '.shard | .index == 2 and .count == 3' "$work/parts/2.json" >/dev/null
for ids in 2 3-9:2; do
  ! array "$ids" env || fail "--array=$ids --shard env was not refused"
  grep -q "env/N" "$work"/parts/*.log
done

echo "== Slurm: a task is killed, a node drained"
submit build/cluster/drained
kill_midway "$job/1.json" "$job/1.log"
scontrol update nodename=co2net3 state=drain reason=test
until_true no_jobs
[[ $(fact "${array}_1" Restarts) == 1 ]] || fail "task 1 was not requeued"
[[ $(sinfo -h -n co2net3 -o %t) == drain ]] || fail "co2net3 is not drained"
[[ $(fact "$merging" ExitCode) == 0:0 ]] || fail "the merging job failed"
test ! -s "$work/drained/missing.txt"
scontrol update nodename=co2net3 state=resume
row "Slurm, samples/cluster/slurm.sh" 4 "task 1 killed by -9, a node drained" "$work/drained/results.json"

echo "== Slurm: a node dies"
# What a lost machine takes with it: slurmd, the job's slurmstepd, script and program.
kill_node() {
  local process parent steps=()
  while read -r process; do
    steps+=("$process")
    parent=$(ps -o ppid= -p "$process" | tr -d ' ')
    [[ $(ps -o comm= -p "$parent") != slurmstepd ]] || steps+=("$parent")
  done < <(grep -lz "^SLURMD_NODENAME=$1\$" /proc/[0-9]*/environ 2>/dev/null | grep -o '[0-9]*')
  kill -KILL "$(cat "$run/$1.pid")" "${steps[@]}" 2>/dev/null || true
}
node_is() { [[ $(sinfo -h -n "$1" -o %t) == "$2" ]]; }
submit build/cluster/dead
until_true is_midway "$job/0.log"
node=$(fact "${array}_0" NodeList)
kill_node "$node"
until_true no_jobs
[[ $(fact "${array}_0" Restarts) == 1 ]] || fail "task 0 was not requeued"
[[ $(fact "${array}_0" NodeList) != "$node" ]] || fail "task 0 ran on $node again"
row "Slurm, samples/cluster/slurm.sh" 4 "a node dead in the middle of task 0" "$work/dead/results.json"
start_node "$node"
until_true nodes_are idle

echo "== Slurm: a task is cancelled, and the same line run again"
submit build/cluster/cancelled
until_true is_midway "$job/2.log"
scancel "${array}_2"
until_true no_jobs
[[ $(fact "$merging" ExitCode) == 1:0 ]] || fail "the merging job did not tell that videos are missing"
[[ $(fact "${array}_2" Restarts) == 0 ]] || fail "task 2 was requeued though it was cancelled"
named=$(wc -l <"$work/cancelled/missing.txt")
[[ $named == 6 && $(jq '.videos | length' "$work/cancelled/results.json") == 18 ]] || fail "missing.txt has $named videos"
submit build/cluster/cancelled
until_true no_jobs
[[ $(fact "$merging" ExitCode) == 0:0 ]] || fail "the merging job failed"
row "Slurm, samples/cluster/slurm.sh" 4 "task 2 cancelled, its $named videos named; again" "$work/cancelled/results.json"

echo "== Snakemake"
snakemake_line() {
  snakemake -s samples/cluster/Snakefile --directory "$work" --keep-going --cores 2 \
    --config videos="$videos" model="$model" out="$work/snakemake" batch=4 >"$work/snakemake-$1.log" 2>&1
}
snakemake_line 1 &
engine=$!
kill_midway "$work/snakemake/parts/4-of-" "$work/snakemake/logs/4-of-6.log"
! wait "$engine" || fail "snakemake did not tell that a job failed"
parts_made() { stat -c '%n %y' "$work"/snakemake/parts/*; }
parts_made >"$work/made"
[[ $(wc -l <"$work/made") == 5 && ! -e $work/snakemake/results.json ]] || fail "not one job failed"
snakemake_line 2
diff <(parts_made | sed '\|/4-of-6|d') "$work/made" || fail "more was done again than what failed"
test -s "$work/snakemake/report/index.html"
row "Snakemake" 6 "job 4 killed by -9; resumed" "$work/snakemake/results.json"

echo "== Kubernetes"
# The manifest's commands, a line each: the pod of each index, and the merging one.
pods() {
  /usr/bin/python3 - samples/cluster/kubernetes.yaml <<'END'
import sys, yaml
run, merge = yaml.safe_load_all(open(sys.argv[1]))
for job in run, merge:
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["command"][:2] == ["sh", "-c"] and len(container["command"]) == 3
    print(container["command"][2].replace("\\\n", "").strip().replace("\n", "; "))
print(run["spec"]["completions"], run["spec"]["completionMode"])
END
}
{ read -r run_command; read -r merge_command; read -r completions mode; } < <(pods)
[[ $mode == Indexed ]] || fail "the job is not indexed"
# pod INDEX COMMAND: in a read-only system that has the program and the volume.
pod() {
  bwrap --unshare-all --ro-bind /usr /usr --ro-bind /etc /etc --symlink usr/bin /bin --symlink usr/lib /lib \
    --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --ro-bind "$PWD" "$PWD" --bind "$work/data" /data \
    --clearenv --setenv PATH "$PATH" --setenv HOSTNAME "co2net-$1" --setenv JOB_COMPLETION_INDEX "$1" --chdir / sh -c "$2"
}
pod 8 "$run_command" 2>"$work/pod.log" &
engine=$!
kill_midway "data/parts/8.json" "$work/pod.log"
! wait "$engine" || fail "the pod did not fail"
for ((index = 0; index < completions; ++index)); do pod "$index" "$run_command" 2>>"$work/pod.log"; done
pod "" "$merge_command" 2>>"$work/pod.log"
# Its paths are those of the volume.
sed "s|\"/data/videos/|\"$videos/|g" "$work/data/results.json" >"$work/pods.json"
row "Kubernetes, the pods' commands" "$completions" "pod 8 killed by -9" "$work/pods.json"

echo "== GNU parallel"
line=$(grep -oP '^    \Kseq .*\| parallel .*' samples/cluster/README.md)
mkdir "$work/parallel"
rm -rf "$work/data/cache"
line=${line//\/data\/out/$work/parallel}
line=${line//\/data/$work/data}
echo "$line"
eval "$line" &
engine=$!
kill_midway "$work/parallel/8.json" "$work/parallel/8.log"
wait "$engine"
co2net merge "$work"/parallel/*.json --inputs "$videos" -o "$work/parallel.json"
parts=("$work"/parallel/*.json)
row "GNU parallel" "${#parts[@]}" "task 8 killed by -9" "$work/parallel.json"

echo "== Shared work"
processes=()
for process in 1 2 3 4; do
  co2net run "$videos" --model "$model" --share --cache "$work/one-cache" --threads 1 -o "$work/process-$process.json" 2>"$work/process-$process.log" &
  processes+=($!)
done
kill_midway "$work/process-4.json" "$work/process-4.log"
! wait "${processes[3]}" || fail "the 4th was not killed"
wait "${processes[@]:0:3}"
for process in 1 2 3; do
  row "4 processes, --share: the $process." 1 "the 4th killed by -9" "$work/process-$process.json"
done

echo
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $((SECONDS / 60)) min $((SECONDS % 60)) s:"
echo
echo "| engine | tasks | faults | videos lost | same bytes |"
echo "| --- | --- | --- | --- | --- |"
printf '%s\n' "${rows[@]}"
((all_good)) || fail "Not all of it is what one process gives"
