# What the parts of tests/soak.sh share; sourced in the repository's folder.
# shellcheck shell=bash
# shellcheck source=samples/setup.sh
source samples/setup.sh

# Beside what builds and tests the program.
# shellcheck disable=SC2034
soak_packages=(strace bubblewrap)

# shellcheck disable=SC2034
co2net=build/release/cli/co2net
soak=$PWD/build/soak
export SEED=${SEED:-$$}
RANDOM=$SEED

# build TARGET...: of the release
build() {
  cmake --preset release -DBUILD_TESTING=ON >/dev/null
  cmake --build --preset release --target "$@" >"$soak/build.log" || { tail -50 "$soak/build.log"; return 1; }
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
