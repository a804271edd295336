# What make_model.sh, benchmark.sh, highlights.sh and answers.sh share: the programs, stages that are
# not repeated, claims, and what a result is verified by. Sourced, not run; each sets `work`, the folder that it works in.
# shellcheck shell=bash

# shellcheck source=samples/setup.sh
source samples/setup.sh

: "${work:=build/samples}"
build=build/release
# shellcheck disable=SC2034  # used by the scripts that source this file
co2net=$build/cli/co2net

# build_programs TARGET...: co2net, and what else a script needs.
build_programs() {
  install_missing "build co2net" "${build_packages[@]}"
  cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target co2net "$@"
}

# stage NAME AFTER COMMAND...: runs the command, unless it has already ended well with the same
# arguments, since the stage AFTER did ("none": whenever). Keeps the command in NAME.done and its
# standard output in NAME.out. Delete the folder $work to begin anew with changed programs.
stage() {
  local name=$1 done=$work/$1.done after=$work/$2.done start=$SECONDS
  shift 2
  if [[ -e $done && $(<"$done") == "$*" && ! $done -ot $after ]]; then
    echo "== $name: done before"
    return
  fi
  rm -f "$done"
  mkdir -p "$work"
  echo "== $name: $*"
  "$@" | tee "$work/$name.out"
  echo "$*" >"$done"
  echo "== $name: $((SECONDS - start)) s"
}

# judge_claims FILE OPTION...: the file becomes what co2net_claims says, which is told in points.
judge_claims() {
  local file=$1
  shift
  "$build/samples/co2net_claims" "$@" >"$work/new_claims.json"
  mv "$work/new_claims.json" "$file"
  jq -r '.claims[] | "\(.row) > \(.other): \(.difference * 1000 | round / 10) points, " +
    "from \(.interval[0] * 1000 | round / 10) to \(.interval[1] * 1000 | round / 10): " +
    (if .interval[0] > 0 then "confirmed" elif .interval[1] < 0 then "the opposite" else "cannot be told" end)' "$file"
}

# tell_difference FILE AGAIN FIGURE RESULT...: whether a training's result is the same again; else by how much FIGURE, in
# jq, is off, and whether that is within what the row's other RESULTs differ by.
tell_difference() {
  if cmp "$1" "$2"; then
    jq -r '"\(.row), seed \(.seed): equal bytes"' "$1"
    return
  fi
  jq -rn --slurpfile old "$1" --slurpfile new "$2" --slurpfile all <(cat "${@:4}") "def figure: $3;"'
    def points: . * 1e6 | round / 1e4;
    (($new[0] | figure) - ($old[0] | figure)) as $by |
    ([$all[] | select(.seed != $old[0].seed) | figure] | if length > 0 then max - min else 0 end) as $spread |
    "\($old[0].row), seed \($old[0].seed): \($by | points) points off; the other seeds lie within \($spread | points)",
    (if ($by | fabs) <= $spread then "within the spread" else "NOT within the spread\n" | halt_error(1) end)'
}
