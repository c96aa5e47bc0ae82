#!/bin/sh
# Inside a Debian that was made for it: install the package and see that it serves.
set -eu
say() { echo "== $*"; }

say "install, without a network"
# What mmdebstrap put here keeps services from starting; dpkg has to bring the rest.
dpkg -i /tmp/examroom.deb >/dev/null
say "$(. /etc/os-release; echo "$PRETTY_NAME"), $(python3 --version), $(haproxy -v | head -1)"

say "commands"
for name in examroom examroom-sync examroom-central examroom-provision; do
    $name --help >/dev/null
done
examroom --version

say "users and folders"
id examroom examroom-proxy >/dev/null
test "$(stat -c '%a %U' /var/lib/examroom/keys)" = "700 examroom"

say "units"
said=$(systemd-analyze verify /usr/lib/systemd/system/examroom* 2>&1) || true
test -z "$said" || { echo "$said"; exit 1; }
for unit in /usr/lib/systemd/system/examroom*.service; do
    said=$(systemd-analyze security --offline=true --threshold=20 --no-pager "$unit") ||
        { echo "$said"; exit 1; }
    echo "$said" | tail -1
done

say "keys, certificate, proxy"
examroom-provision seal-keys --data /var/lib/examroom --credentials /var/lib/examroom-credentials
setpriv --reuid=examroom --regid=examroom --clear-groups \
    examroom-provision self-signed --config /etc/examroom/examroom.toml
install -d -o examroom-proxy /run/examroom-proxy
install -m 0400 -o examroom-proxy /var/lib/examroom/tls/room.pem /run/examroom-proxy/room.pem
setpriv --reuid=examroom-proxy --regid=examroom-proxy --clear-groups \
    examroom-provision proxy-configuration --config /etc/examroom/examroom.toml \
    --certificate /run/examroom-proxy/room.pem --output /run/examroom-proxy/haproxy.cfg
said=$(haproxy -c -q -f /run/examroom-proxy/haproxy.cfg 2>&1) || true
test -z "$said" || { echo "$said"; exit 1; }

say "exam server behind the proxy, with the keys that systemd would hand over"
install -d -m 0700 -o examroom /run/credentials
for name in box-database.key staff-forms; do
    systemd-creds decrypt --name=$name /var/lib/examroom-credentials/$name.cred /run/credentials/$name
    chown examroom /run/credentials/$name
done
CREDENTIALS_DIRECTORY=/run/credentials setpriv --reuid=examroom --regid=examroom --clear-groups \
    examroom serve --config /etc/examroom/examroom.toml --no-announce &
box=$!
# Other ports: the machine around this Debian has its own 80 and 443.
sed 's/bind :80$/bind :21880/; s/bind :443 /bind :21843 /' /run/examroom-proxy/haproxy.cfg >/tmp/haproxy.cfg
setpriv --reuid=examroom-proxy --regid=examroom-proxy --clear-groups haproxy -f /tmp/haproxy.cfg -db &
proxy=$!
trap 'kill $box $proxy 2>/dev/null || true' EXIT
/opt/examroom/bin/python - <<'PYTHON'
import ssl, time, urllib.request
line = ssl.create_default_context()
line.check_hostname, line.verify_mode = False, ssl.CERT_NONE
for host, path in (("box.examroom.internal", "/health"), ("staff.box.examroom.internal", "/sign-in")):
    asked = urllib.request.Request(f"https://127.0.0.1:21843{path}", headers={"Host": host})
    for _ in range(60):
        try:
            answer = urllib.request.urlopen(asked, timeout=5, context=line)
            break
        except OSError:
            time.sleep(0.5)
    else:
        raise SystemExit(f"Nobody answers for {host}.")
    print(host, path, answer.status)
PYTHON
kill $box
wait $box
kill $proxy
wait $proxy || true
trap - EXIT
rm -rf /run/credentials /run/examroom-proxy

say "remove: the data stay"
dpkg -r examroom >/dev/null
test ! -e /opt/examroom
test -e /var/lib/examroom/box.db
say "good"
