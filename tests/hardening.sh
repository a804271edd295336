#!/usr/bin/env bash
# Fails where a program lacks a guard that the release is built with: hardening.sh PROGRAM...
set -euo pipefail

# expect WHAT PATTERN TEXT
expect() {
  if ! grep -qE -- "$2" <<<"$3"; then
    echo "$program: no $1" >&2
    failed=1
  fi
}

failed=0
for program; do
  dynamic=$(readelf --wide --dynamic "$program")
  expect "position-independent program (-pie)" 'FLAGS_1.*\bPIE\b' "$dynamic"
  expect "binding of all symbols at the start (-z now)" '\bNOW\b' "$dynamic"
  expect "read-only relocations (-z relro)" '\bGNU_RELRO\b' "$(readelf --wide --program-headers "$program")"
  symbols=$(readelf --wide --dyn-syms "$program")
  expect "guarded stack (-fstack-protector-strong)" '\b__stack_chk_fail\b' "$symbols"
  expect "checked copies (_FORTIFY_SOURCE)" '\b__[a-z]+_chk\b' "$symbols"
  expect "checked containers (_GLIBCXX_ASSERTIONS)" '\b_ZSt21__glibcxx_assert_failPKciS0_S0_\b' "$symbols"
done
exit "$failed"
