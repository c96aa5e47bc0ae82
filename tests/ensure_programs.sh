#!/bin/sh
# The tests need Chromium, and use libfaketime where it is there.  As root with apt both are
# installed; otherwise one sentence says what to do about Chromium.
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium"
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
command -v chromium >/dev/null 2>&1 && exit 0
echo "The browser tests need Chromium: install your system's package 'chromium', then run 'make test' again." >&2
exit 1
