#!/usr/bin/env bash
# Localizes actions in many videos as a job array of Slurm's and merges what its tasks find: one line
# to submit, one file in the end.
#
#     samples/cluster/slurm.sh VIDEOS MODEL OUT [SBATCH_OPTION...]
#
# VIDEOS: a folder, or @list.txt. OUT: a folder; it, VIDEOS and MODEL are the same on all nodes.
# OUT/results.json becomes the bytes of one process, OUT/missing.txt a list of what failed or is
# missing, which is also why the merging job's exit code is 1. The same line again computes only that.
#
# Options of sbatch are those of the array: --cpus-per-task=8 --mem=16G --gres=gpu:1. What is of both
# jobs has variables of sbatch's own: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_QOS, SBATCH_TIMELIMIT.
# TASKS: of the array (16). CACHE: a folder (OUT/cache). CO2NET: the program (co2net).
set -euo pipefail
if (($# < 3)); then
  sed -n '5s/^# *//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
videos=$1 model=$2 out=$3
sbatch_options=("${@:4}")
tasks=${TASKS:-16}
if ! [[ $tasks =~ ^[1-9][0-9]*$ ]]; then
  echo "TASKS=$tasks is no number of tasks" >&2
  exit 2
fi
cache=${CACHE:-$out/cache}
co2net=$(command -v "${CO2NET:-co2net}") || {
  echo "There is no program ${CO2NET:-co2net}; name it by CO2NET" >&2
  exit 2
}
for needed in "${videos#@}" "$model/model.json"; do
  if [[ ! -e $needed ]]; then
    echo "There is no $needed" >&2
    exit 2
  fi
done
# Parts and logs of this submission alone: no other one's tasks write there, or are merged.
mkdir -p "$out/jobs"
job=$(mktemp -d "$out/jobs/XXXXXX")
chmod 755 "$job"

# The array's: one share, on the CPUs that the task was given.
task() {
  local code=0
  "$co2net" run "$videos" --model "$model" --shard "env/$tasks" --cache "$cache" \
    --threads "$SLURM_CPUS_ON_NODE" --progress plain -o "$job/$SLURM_ARRAY_TASK_ID.json" || code=$?
  # Killed, as for want of memory, or crashed: once more, with what is in the cache. 130 is of who was
  # told to stop. Without the second name all tasks of the array would be meant.
  if ((code > 128 && code != 130 && ${SLURM_RESTART_COUNT:-0} < 3)); then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
  fi
  exit "$code"
}

merge() {
  local parts=("$job"/*.json)
  if [[ ! -e ${parts[0]} ]]; then
    echo "No task has left results; $job/*.log say why" >&2
    exit 3
  fi
  "$co2net" merge "${parts[@]}" --inputs "$videos" --missing "$out/missing.txt" -o "$out/results.json"
}

# script FUNCTION: a job's, which needs neither this file nor the environment.
script() {
  echo "#!/usr/bin/env bash"
  declare -p videos model out tasks cache co2net job
  declare -f "$1"
  echo "$1"
}

array=$(script task | sbatch --parsable --job-name=co2net --requeue --open-mode=append \
  "${sbatch_options[@]}" --array="0-$((tasks - 1))" --output="$job/%a.log")
array=${array%%;*}
rm -f "$out/results.json" "$out/missing.txt" # of an earlier submission
merging=$(script merge | sbatch --parsable --job-name=co2net-merge --requeue \
  --dependency="afterany:$array" --output="$job/merge.log") || {
  scancel "$array"
  exit 1
}
echo "Job array $array: $tasks tasks; logs and parts are in $job"
echo "Job ${merging%%;*} merges them when the last has ended, whatever became of it"
echo "Results: $out/results.json"
echo "What failed or is missing: $out/missing.txt; the same line again computes that alone"
