#!/usr/bin/env bash
# The pages that co2net writes, in headless Chromium: every test of tests/browser, with the program
# that is built in build/release. Installs nothing, but says what is missing. CO2NET_PICTURES=DIR
# puts pictures of the pages there, to look at.
#
#     tests/browser.sh [NAME...]        NAME: of a file in tests/browser, without .py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packages=(chromium chromium-driver python3-selenium python3-numpy ffmpeg)
program=$PWD/build/release/cli/co2net

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  echo "Missing, to test pages: apt-get install ${missing[*]}" >&2
  exit 1
fi
if [[ ! -x $program ]]; then
  echo "Missing: $program; cmake --preset release && cmake --build --preset release --target co2net" >&2
  exit 1
fi

names=("$@")
if ((${#names[@]} == 0)); then
  for file in tests/browser/*_page.py; do names+=("$(basename "$file" .py)"); done
fi
failed=()
for name in "${names[@]}"; do
  echo "== $name"
  CO2NET_PROGRAM=$program /usr/bin/python3 -B "tests/browser/$name.py" || failed+=("$name")
done
if ((${#failed[@]} > 0)); then
  echo "Failed: ${failed[*]}" >&2
  exit 1
fi
