#!/bin/sh
# What the test of the images needs besides the images.
missing=""
for program in qemu-system-x86_64 swtpm mcopy mkfs.vfat mmdebstrap sbsign; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || missing="$missing OVMF"
[ -z "$missing" ] && exit 0
echo "Not here:$missing. Install qemu-system-x86, ovmf, swtpm, mtools, dosfstools, sbsigntool and mmdebstrap." >&2
exit 1
