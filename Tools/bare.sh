#!/usr/bin/env bash
# Shows that the release server runs on a machine without a toolchain: a minimal
# Debian in a temporary folder, the libraries that the binary asks for, the binary,
# nothing else. It is started there (chroot), spoken to from outside, and its start
# is timed.
#
#   Tools/bare.sh [PATH]    the server to try; else .build/release/needletail-server
#
# Needs root, for debootstrap and chroot.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
server=$(realpath "${1:-$here/.build/release/needletail-server}")
say() { printf 'bare: %s\n' "$*" >&2; }

[ "$(id -u)" = 0 ] || { say "must be root"; exit 2; }
[ -x "$server" ] || { say "no server at $server"; exit 2; }
"$here/Tools/install.sh" bare

# Libraries of the toolchain would not be there on other machines.
if ldd "$server" | grep -i swift; then say "the binary asks for libraries of Swift"; exit 1; fi

root=$(mktemp -d)
trap 'umount -q "$root/proc"; rm -rf --one-file-system "$root"' EXIT
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
say "Debian $suite, minimal, into $root"
debootstrap --variant=minbase --include=libjemalloc2,libstdc++6 "$suite" "$root" >"$root.log" 2>&1 ||
  { tail "$root.log" >&2; exit 1; }
rm -f "$root.log"
install -m 0755 "$server" "$root/usr/local/bin/needletail-server"
mkdir -p "$root/data"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc" # Swift reads the command line there
if chroot "$root" ldd /usr/local/bin/needletail-server | grep "not found"; then say "a library is missing"; exit 1; fi
if chroot "$root" sh -c 'command -v swift || command -v cc'; then say "there is a toolchain"; exit 1; fi

python3 "$here/Tools/start_time.py" --limit 20 -- chroot "$root" /usr/local/bin/needletail-server --dir /data
