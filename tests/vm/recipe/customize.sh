#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finishes the guest's root file system: kernels and their modules, users, boot.
# Called by mmdebstrap with the root folder as its argument.
set -eu

root=$1
kernels='linux-image-cloud-amd64 linux-image-6.12-cloud-amd64'

# The metapackage names the newest ABI; the archive drops old ones.
newest_kernel() {
    APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-cache depends "$1" |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*-cloud-amd64\)$/\1/p' | head -n 1
}

install_kernel() {
    package=$(newest_kernel "$1")
    [ -n "$package" ] || { echo "no kernel behind $1" >&2; exit 1; }
    version=${package#linux-image-}
    work=$root/var/tmp/kernel
    mkdir -p "$work"
    (cd "$work" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -o APT::Sandbox::User=root download "$package")
    dpkg-deb -x "$work"/*.deb "$work/tree"
    mkdir -p "$root/usr/lib/modules" "$root/boot"
    mv "$work/tree/lib/modules/$version" "$root/usr/lib/modules/"
    mv "$work/tree/boot/vmlinuz-$version" "$root/boot/"
    rm -rf "$work"
    chroot "$root" depmod "$version"
}

add_users() {
    chroot "$root" groupadd --gid 1100 ci
    chroot "$root" useradd --create-home --shell /bin/bash --uid 1001 --groups ci alice
    chroot "$root" useradd --create-home --shell /bin/bash --uid 1002 bob
    chroot "$root" passwd --quiet --delete root
}

# Nothing but the tests runs in the guest: what they need they start themselves.
quiet_boot() {
    for unit in docker.service docker.socket containerd.service podman.service podman.socket \
        podman-restart.service podman-auto-update.service podman-auto-update.timer; do
        systemctl --quiet --root="$root" disable "$unit" 2>/dev/null || true
    done
    for unit in getty@.service serial-getty@.service getty.target apt-daily.timer apt-daily-upgrade.timer \
        dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer \
        systemd-tmpfiles-clean.timer systemd-random-seed.service systemd-pstore.service \
        systemd-network-generator.service systemd-update-utmp.service; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    systemctl --quiet --root="$root" set-default multi-user.target
}

# Podman's older network back-end would ask for plugins that are not here.
podman_network() {
    mkdir -p "$root/etc/containers"
    printf '[network]\nnetwork_backend = "netavark"\n' >"$root/etc/containers/containers.conf"
    rm -f "$root"/etc/cni/net.d/*
}

identity() {
    echo weir-vm >"$root/etc/hostname"
    printf '127.0.0.1 localhost weir-vm\n::1 localhost\n' >"$root/etc/hosts"
    # A fixed id: an empty one makes systemd enable every service at the first boot.
    echo 5eed5eed5eed5eed5eed5eed5eed5eed >"$root/etc/machine-id"
    printf '/dev/vda / ext4 defaults,noatime 0 0\n' >"$root/etc/fstab"
    mkdir -p "$root/payload" "$root/out"
}

for kernel in $kernels; do
    install_kernel "$kernel"
done
add_users
quiet_boot
podman_network
identity
rm -f "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/*
