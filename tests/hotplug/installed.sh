#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest, once it is up: the box is put where it belongs, as the units, rules and folders of systemd/ say.
set -eu
site=$(echo /opt/linekeeper/lib/python3.*/site-packages)
cp -r /share/box/appliance "$site/"
cp -r /share/pjsip /opt/linekeeper/pjsip
cp /share/box/office.fresh.toml /opt/linekeeper/
echo /opt/linekeeper/pjsip >/etc/ld.so.conf.d/linekeeper.conf
ldconfig
/opt/linekeeper/bin/python3 -m compileall -q -j 2 "$site/appliance"
cp /share/box/systemd/linekeeper* /etc/systemd/system/
cp /share/box/systemd/sysusers.d/* /usr/lib/sysusers.d/
cp /share/box/systemd/tmpfiles.d/* /usr/lib/tmpfiles.d/
cp /share/box/systemd/udev/* /usr/lib/udev/rules.d/
systemd-sysusers
for time in once again; do systemd-tmpfiles --create linekeeper.conf; done
systemctl daemon-reload
udevadm control --reload
udevadm trigger --action=add --subsystem-match=dahdi
udevadm settle
modprobe dummy_hcd num=2
modprobe libcomposite
mountpoint -q /sys/kernel/config || mount -t configfs config /sys/kernel/config
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=/tmp/compiled
exec /opt/linekeeper/bin/python3 -m tests.hotplug.inside
