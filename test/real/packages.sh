#!/usr/bin/env bash
# Lists the packages with tests that need the real parts: those with a file
# that the tag e2e compiles. The others are what `make test` runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
git ls-files -co --exclude-standard '*_test.go' | xargs -r -d '\n' grep -lE '^//go:build .*\be2e\b' 2>/dev/null |
  xargs -r -d '\n' -n1 dirname | sort -u | sed 's|^|./|'
