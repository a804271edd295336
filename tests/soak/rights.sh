#!/usr/bin/env bash
# The line of SECURITY.md for videos from strangers, as it stands there: the program works with the least rights, and
# from inside neither other files nor the network are within reach.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/soak/common.sh
source tests/soak/common.sh
work=$soak/rights

build co2net co2net_draw_actions
rm -rf "$work"
mkdir -p "$work/home"
cmake --install build/release --prefix "$work/home/.local" >/dev/null
build/release/samples/co2net_draw_actions -o "$work/drawn" --test 2 --seconds 6 --seed "$SEED" >/dev/null
mv "$work/drawn/test" "$work/videos" 2>/dev/null || mv "$work/drawn" "$work/videos"
cp -r samples/model "$work/model"
sed -n '/^## Videos from strangers/,/^## /s/^    //p' SECURITY.md >"$work/line.sh"
grep -q bwrap "$work/line.sh"

cd "$work"
HOME=$work/home bash -e line.sh 2>log
"$OLDPWD/$co2net" run videos --model model --no-cache --log-level error -o outside.json
# The paths of videos differ, as they are told.
cmp <(jq 'del(.videos[].path)' out/results.json) <(jq 'del(.videos[].path)' outside.json)
row "the line of SECURITY.md: the results of a run without it" 1 1 0

# inside COMMAND: what the sandbox lets it do
inside() {
  local line
  line=$(<line.sh)
  printf '%s' "${line%%/co2net/bin/co2net run*}$1" >inside.sh
  HOME=$work/home bash -e inside.sh 2>/dev/null
}
inside "/usr/bin/test -r /videos -a -r /model -a -w /out"
# shellcheck disable=SC2016
acts=("/usr/bin/cat /etc/passwd" "/usr/bin/ls '$work'" "/usr/bin/touch /videos/new" "/usr/bin/touch /model/new" "/usr/bin/touch /usr/new"
  '/usr/bin/grep -v -e Inter -e face -e lo: /proc/net/dev' '/usr/bin/sh -c '\''test $(ls /proc | grep -c "^[0-9]") -gt 5'\')
wrong=0
for act in "${acts[@]}"; do
  if inside "$act"; then
    echo "possible inside: $act"
    wrong=$((wrong + 1))
  fi
done
row "from inside: other files, writing elsewhere, the network, other processes" "${#acts[@]}" $((${#acts[@]} - wrong)) "$wrong"
((wrong == 0))
