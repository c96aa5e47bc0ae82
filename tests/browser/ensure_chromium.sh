#!/bin/sh
# The browser tests need Chromium. As root with apt it is installed; otherwise one sentence says what to do.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "The browser tests need Chromium: install your system's package 'chromium', then run 'make test' again." >&2
exit 1
