#!/usr/bin/env bash
# The line of SECURITY.md for videos from strangers, as it stands there: the program works with the least rights, and
# from inside neither other files nor the network are within reach.
# shellcheck disable=SC2317  # what check calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh

prepare co2net co2net_draw_actions
mkdir "$work/home"
cmake --install build/release --prefix "$work/home/.local" >/dev/null
draw "$work/videos" 2 6
cp -r samples/model "$work/model"
sed -n '/^## Videos from strangers/,/^## /s/^    //p' SECURITY.md >"$work/line.sh"
grep -q bwrap "$work/line.sh"

cd "$work"
HOME=$work/home bash -e line.sh 2>log
"$co2net" run videos --model model --no-cache --log-level error -o outside.json
without_paths() { jq 'del(.videos[].path)' "$1"; } # which differ, as they are told
check "other results" cmp <(without_paths out/results.json) <(without_paths outside.json)
sum_up "the line of SECURITY.md: the results of a run without it" 1

# inside COMMAND: what the sandbox lets it do
inside() {
  local line
  line=$(<line.sh)
  printf '%s' "${line%%/co2net/bin/co2net run*}$1" >inside.sh
  HOME=$work/home bash -e inside.sh 2>/dev/null
}
not_inside() { ! inside "$1"; }
inside "/usr/bin/test -r /videos -a -r /model -a -w /out"
# shellcheck disable=SC2016
acts=("/usr/bin/cat /etc/passwd" "/usr/bin/ls '$work'" "/usr/bin/touch /videos/new" "/usr/bin/touch /model/new" "/usr/bin/touch /usr/new"
  '/usr/bin/grep -v -e Inter -e face -e lo: /proc/net/dev' '/usr/bin/sh -c '\''test $(ls /proc | grep -c "^[0-9]") -gt 5'\')
for act in "${acts[@]}"; do check "possible: $act" not_inside "$act"; done
sum_up "from inside: other files, writing elsewhere, the network, other processes" "${#acts[@]}"
exit "$failed"
