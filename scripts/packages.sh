# SPDX-License-Identifier: BSD-2-Clause
#
# packages.sh - the Debian packages that building and testing need (sourced by ./dev)

packages_build=(gcc libc6-dev meson ninja-build pkg-config python3 check
	libglib2.0-dev libyaml-dev libjson-glib-dev libelf-dev)
packages_test=(dbus-daemon dbus-bin libglib2.0-bin dnsmasq-base iproute2 nftables util-linux)
packages_clang=(clang libclang-rt-14-dev)

# Other time programs that the tests run as peers. Installed, they would exclude each other and take
# over this machine's clock: so they are only unpacked, into build/peers.
packages_peers=(chrony gpsd ntpsec ntpsec-ntpdig python3-ntp)
peers_dir=build/peers

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs those of the packages that are missing; says nothing when all are there.
install_missing() {
	local missing=() package
	for package in "$@"; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
			missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	echo "dev: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	update_package_lists
	as_root apt-get install -qq -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Once a run: a fresh machine has no lists, an old one may name versions that are gone.
package_lists_are_fresh=no
update_package_lists() {
	[ $package_lists_are_fresh = yes ] && return 0
	as_root apt-get update -qq </dev/null
	package_lists_are_fresh=yes
}

# need build|test|clang ...
need() {
	local group list
	for group in "$@"; do
		list="packages_$group[@]"
		install_missing "${!list}"
	done
}

# Unpacks the peers once (a stamp in the folder names them) and installs their libraries.
fetch_peers() {
	local stamp=$peers_dir/.unpacked wanted="${packages_peers[*]}"
	[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
	echo "dev: unpacking $wanted into $peers_dir"
	update_package_lists
	rm -rf "$peers_dir"
	mkdir -p "$peers_dir/deb"
	# as root apt would drop to its own user, who may not write here; that is a warning only
	(cd "$peers_dir/deb" && apt-get download -qq -o APT::Sandbox::User=root "${packages_peers[@]}")
	local deb libraries=()
	for deb in "$peers_dir"/deb/*.deb; do
		dpkg-deb -x "$deb" "$peers_dir"
		mapfile -t -O ${#libraries[@]} libraries < <(library_dependencies "$deb")
	done
	rm -r "$peers_dir/deb"
	# where ntpsec's python module looks first
	find "$PWD/$peers_dir/usr/lib" -path '*/ntp/libntpc.so' -exec ln -sf {} "$peers_dir/usr/lib/python3/dist-packages/ntp/" \;
	install_missing $(printf '%s\n' "${libraries[@]}" | sort -u)
	echo "$wanted" >"$stamp"
}

# The lib* packages that a .deb depends on, first alternatives, without those unpacked as peers.
library_dependencies() {
	local peers
	peers=$(printf '%s\n' "${packages_peers[@]}")
	dpkg-deb -f "$1" Pre-Depends Depends | sed 's/^[A-Za-z-]*: //' | tr ',' '\n' |
		sed -e 's/|.*//' -e 's/(.*//' -e 's/:any//' -e 's/[[:space:]]//g' |
		grep '^lib' | grep -vxF "$peers" || true
}
