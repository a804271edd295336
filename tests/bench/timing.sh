# How the benchmarks time whole processes. Sourced, not run.
# shellcheck shell=bash

# seconds FILE COMMAND...: prints the wall time that the command took; its standard output goes to FILE
seconds() {
  local said=$1 start=$EPOCHREALTIME
  shift
  "$@" > "$said"
  awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { print end - start }'
}
