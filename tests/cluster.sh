#!/usr/bin/env bash
# A job array of a real slurm, of this machine as its one node: the results of its tasks, each with
# --shard env or env/N, are merged the bytes of one run. As root; all of it lives in build/cluster,
# and ends with the script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
work=$PWD/build/cluster
co2net=$PWD/build/release/cli/co2net
if ((EUID != 0)); then
  echo "A cluster's services start as root: sudo tests/cluster.sh" >&2
  exit 1
fi

install_missing "build co2net and run a cluster" "${build_packages[@]}" slurm-wlm munge jq
cmake --preset release >/dev/null
cmake --build --preset release --target co2net co2net_draw_actions
rm -rf "$work"
mkdir -p "$work"/{state,spool,parts}
build/release/samples/co2net_draw_actions -o "$work/videos" --test 6 --seconds 6 --seed 9

# munged wants folders that only root can write to above its socket.
run=$(mktemp -d /run/co2net-cluster.XXXXXX)
chmod 755 "$run"
services=()
stop() {
  if ((${#services[@]} > 0)); then
    kill "${services[@]}" 2>/dev/null || true
    wait "${services[@]}" 2>/dev/null || true
  fi
  rm -rf "$run"
}
trap stop EXIT

head -c 1024 /dev/urandom >"$run/key"
chmod 400 "$run/key"
munged --foreground --force --key-file "$run/key" --socket "$run/munge" --pid-file "$run/munge.pid" \
  --log-file "$run/munge.log" --seed-file "$run/munge.seed" 2>"$work/munged.log" &
services+=($!)

export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=co2net
SlurmctldHost=$(hostname -s)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$run/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$run/slurmctld.pid
SlurmdPidFile=$run/slurmd.pid
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP
END
slurmctld -D -f "$SLURM_CONF" >"$work/slurmctld.log" 2>&1 &
services+=($!)
slurmd -D -f "$SLURM_CONF" >"$work/slurmd.log" 2>&1 &
services+=($!)
for ((waited = 0; waited < 60; ++waited)); do
  [[ $(sinfo -h -o %t 2>/dev/null) == idle ]] && break
  sleep 1
done
sinfo

"$co2net" run "$work/videos" --model samples/model --no-cache --log-level error -o "$work/whole.json"
# submit ARRAY SHARD: the array's tasks, with their results in parts/.
submit() {
  sbatch --quiet --wait --array="$1" --chdir="$PWD" --output="$work/parts/%a.log" --wrap \
    "$co2net run $work/videos --model samples/model --shard $2 --cache $work/cache -o $work/parts/\$SLURM_ARRAY_TASK_ID.json"
}

for line in "0-2 env" "0-2 env/3" "4-7 env/4@4"; do
  read -r array shard <<<"$line"
  rm -f "$work"/parts/*
  submit "$array" "$shard"
  "$co2net" merge "$work"/parts/*.json --inputs "$work/videos" -o "$work/together.json"
  cmp "$work/whole.json" "$work/together.json"
  echo "--array=$array --shard $shard: $(find "$work/parts" -name '*.json' | wc -l) parts, together the whole: $(jq ".videos | length" "$work/together.json") videos"
done

# One task again takes its own share; without the number of all it is refused, as is an array of
# which nothing tells whether it is whole.
rm -f "$work"/parts/*
submit 2 env/3
jq -e '.shard | .index == 2 and .count == 3' "$work/parts/2.json" >/dev/null
for array in 2 3-9:2; do
  rm -f "$work"/parts/*
  if submit "$array" env; then
    echo "--array=$array --shard env was not refused" >&2
    exit 1
  fi
  grep -q "env/N" "$work"/parts/*.log
  echo "--array=$array --shard env: refused"
done
