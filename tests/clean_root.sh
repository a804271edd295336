#!/usr/bin/env bash
# From nothing but Debian: makes the smallest system of a release in a folder, clones the committed
# state of this repository into it, and runs samples/demo.sh and tests/run.sh there. As root.
#
#     tests/clean_root.sh [bookworm|trixie [COMMAND]]        COMMAND: instead of these two
#
# The system is build/root-<release>, or build/root-NAME, made anew each time. MIRROR: where packages
# come from. SHARED: the folder to be seen as ../shared there, if any.
set -euo pipefail
suite=${1:-bookworm}
command=${2:-"samples/demo.sh && tests/run.sh"}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
# shellcheck source=samples/root.sh
source samples/root.sh
root=$PWD/build/root-${NAME:-$suite}

make_root "$suite" "$root"
install_missing "clone this repository" git
git -c safe.directory="$PWD/.git" clone --quiet --no-hardlinks . "$root/root/co2net"
in_root "$root" "cd /root/co2net; $command" "${SHARED:-}" /root/shared
