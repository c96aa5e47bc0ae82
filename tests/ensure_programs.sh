#!/bin/sh
# The tests need Chromium and HAProxy, and use libfaketime where it is there.  As root with apt all
# are installed; otherwise one sentence says what to do about those that are needed.
PATH="$PATH:/usr/sbin"
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium"
command -v haproxy >/dev/null 2>&1 || missing="$missing haproxy"
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
command -v chromium >/dev/null 2>&1 && command -v haproxy >/dev/null 2>&1 && exit 0
echo "The tests need Chromium and HAProxy: install your system's packages 'chromium' and 'haproxy', then run 'make test' again." >&2
exit 1
