#!/usr/bin/env bash
# setup.sh VENV LOCK PYTHON: make the virtual environment VENV and install the pinned
# versions of LOCK and labkit itself. uv for speed; plain pip where uv cannot be had.
set -euo pipefail
venv=$1 lock=$2 python=$3

if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
    echo "labkit needs Python 3.11, 3.12 or 3.13; '$python' is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 ..." >&2
    exit 1
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"

if "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
    installer=("$venv/bin/uv" pip install --quiet --python "$venv/bin/python")
else
    installer=()
fi
by_pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)

install() {
    if [ ${#installer[@]} -gt 0 ] && "${installer[@]}" "$@"; then return; fi
    "${by_pip[@]}" "$@"
}
install -r "$lock"
install --no-deps -e .
