#!/usr/bin/env bash
# Write the pinned files anew from pyproject.toml: one set of versions for Python 3.11 to 3.13.
# The first holds what the lab runs with; the second adds what its tests need, the third what
# the site is built with.
set -euo pipefail
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --no-emit-index-url --no-annotate --no-header "$@"
}
export PATH="$PWD/.venv/bin:$PATH"
compile pyproject.toml --extra lab --extra formats --extra quantum --extra tune -o requirements.lock
compile pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
compile pyproject.toml --extra dev --extra docs -c requirements-dev.lock -o requirements-docs.lock
