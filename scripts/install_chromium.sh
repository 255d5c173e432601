#!/usr/bin/env bash
# Install Debian's Chromium for the tests marked "browser", where apt-get can; they skip without it.
set -euo pipefail
if command -v chromium >/dev/null; then exit 0; fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "no Chromium, and no apt-get as root to install it with: browser tests will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends chromium >/dev/null; }
install 2>/dev/null || { apt-get update >/dev/null && install; } ||
    echo "Chromium could not be installed: browser tests will be skipped" >&2
