# What the parts of tests/soak.sh share; sourced in the repository's folder.
# shellcheck shell=bash
# shellcheck source=samples/setup.sh
source samples/setup.sh

# Beside what builds and tests the program.
# shellcheck disable=SC2034
soak_packages=(strace bubblewrap)

# shellcheck disable=SC2034
co2net=$PWD/build/release/cli/co2net
soak=$PWD/build/soak
PART=${PART:-$(basename "$0" .sh)}
work=$soak/$PART
export SEED=${SEED:-$$}
RANDOM=$SEED

# build PRESET TARGET...
build() {
  cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null
  cmake --build --preset "$1" --target "${@:2}" >"$soak/build.log" || { tail -50 "$soak/build.log"; return 1; }
}

# prepare TARGET...: these of the release, and an empty $work.
prepare() {
  build release "$@"
  rm -rf "$work"
  mkdir -p "$work"
}

# row FAULT TRIES SURVIVED LOST: one line of the table, of the part that runs. LOST says what was,
# in words or 0.
row() {
  printf '| %s | %s | %s | %s | %s |\n' "$PART" "$@" | tee -a "$soak/rows/$PART"
}

# The rows of every part that has run.
table() {
  echo "$(date +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores:"
  echo
  echo "| part | fault | tries | survived | lost |"
  echo "| --- | --- | --- | --- | --- |"
  cat "$soak"/rows/*
}

now_ms() { date +%s%3N; }

# draw FOLDER COUNT SECONDS: videos of drawn actions.
draw() {
  build/release/samples/co2net_draw_actions -o "$1" --test "$2" --seconds "$3" --seed "$SEED" >/dev/null
}

# pause MOST_MS: a random while.
pause() {
  local ms=$((RANDOM * ($1 + 1) / 32768))
  sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

# orphans FOLDER: the files below it that no program will ever own: temporaries, what was set aside,
# locks, and what lies beside an entry of a cache that was never written.
orphans() {
  find "$1" -name '.co2net-*' -o -name '.tmp.*' -o -path '*/v1/locks/*' -o -path '*/v1/tmp/*'
  find "$1" -path '*/v1/entries/*' -type f ! -name '*.entry' | while read -r file; do
    [[ -e ${file%.*}.entry ]] || echo "$file"
  done
}

# same GOT WANT: whether each file of GOT is WANT's, byte by byte. An interrupted run lacks some;
# one that is there is complete.
same() {
  local file
  while IFS= read -r -d '' file; do
    cmp -- "$1/$file" "$2/$file" || return 1
  done < <(cd "$1" && find . -type f -not -name '.*' -print0)
}

# whole GOT WANT: whether both have the same files, too.
whole() {
  same "$1" "$2" && diff <(cd "$1" && find . -type f | sort) <(cd "$2" && find . -type f | sort)
}

no_orphans() { [[ -z $(orphans "$1") ]] || { orphans "$1"; return 1; }; }

# check WHAT TEST...: notes WHAT as lost where the test fails; what it says goes to a log.
# shellcheck disable=SC2034
lost=() failed=0
check() { "${@:2}" >>"$work/lost.log" 2>&1 || lost+=("$1"); }

# sum_up FAULT TRIES: the row of what was noted since the last.
sum_up() {
  local words=0
  if ((${#lost[@]} > 0)); then
    words=$(printf '%s\n' "${lost[@]}" | sort | uniq -c | sed 's/^ *//' | paste -sd ';')
    # shellcheck disable=SC2034
    failed=1
  fi
  row "$1" "$2" "$(($2 > ${#lost[@]} ? $2 - ${#lost[@]} : 0))" "$words"
  lost=()
}
