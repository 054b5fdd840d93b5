#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Called by `./dev demo`, here or in a guest; weir is on PATH.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
exec python3 "$here"/demo.py "$(command -v weir)" "$here"/weir.toml "$@"
