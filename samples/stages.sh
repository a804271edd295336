# What make_model.sh, benchmark.sh, highlights.sh and answers.sh share: the programs, stages that are
# not repeated, and claims. Sourced, not run; each sets `work`, the folder that it works in.
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
