#!/bin/sh
# The tests need Chromium, HAProxy, dnsmasq, mtools, cryptsetup, nftables, certbot with Pebble, and Orca with a screen to
# read; they use libfaketime where it is there.  As root with apt all are installed; otherwise one sentence says what to do about what is needed.
PATH="$PATH:/usr/sbin:/sbin"
package_of() {
    case "$1" in
        dnsmasq) echo dnsmasq-base ;;
        mcopy) echo mtools ;;
        cryptsetup) echo cryptsetup-bin ;;
        dbus-run-session) echo dbus-daemon ;;
        nft) echo nftables ;;
        Xvfb) echo xvfb ;;
        *) echo "$1" ;;
    esac
}

needed() {
    for program in chromium haproxy dnsmasq mcopy cryptsetup nft certbot pebble orca speech-dispatcher dbus-run-session Xvfb xdotool; do
        command -v "$program" >/dev/null 2>&1 || package_of "$program"
    done
}
missing=$(needed)
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
[ -z "$(needed)" ] && exit 0
echo "The tests need programs that are not here. Install your system's packages" $(needed) "and run 'make test' again." >&2
exit 1
