# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the developer commands share: packages, builds, users. Sourced, never run.
# A command runs as root or as an ordinary user; as root nothing of ours that listens keeps root's rights.

set -euo pipefail
umask 022

SJ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export SJ_ROOT

say() { printf '%s\n' "$*" >&2; }
step() { printf '== %s\n' "$*" >&2; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
usage_error() {
    printf '%s: %s (try --help)\n' "${0##*/}" "$*" >&2
    exit 2
}
is_root() { [ "$(id -u)" -eq 0 ]; }
absolute() { case $1 in /*) printf '%s\n' "$1" ;; *) printf '%s/%s\n' "$PWD" "$1" ;; esac; }

as_root() {
    if is_root; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        die "root or sudo is needed for: $*"
    fi
}

# ---- packages -------------------------------------------------------------------------------------------------

SJ_PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libmicrohttpd-dev libgnutls28-dev libpq-dev
 libssl-dev libjansson-dev liboath-dev libargon2-dev libseccomp-dev libunistring-dev libpango1.0-dev
 libcairo2-dev libcurl4-openssl-dev"
SJ_PACKAGES_RUN="postgresql-15 postgresql-client-15 python3 openssl curl ca-certificates oathtool qrencode procps
 fonts-hosny-amiri"
SJ_PACKAGES_TEST="clang-14 clang libclang-rt-14-dev llvm-14 clang-format-14 poppler-utils python3-jsonschema
 golang-go golang-golang-x-mod-dev"
SJ_PACKAGES_BENCH="wrk"

packages_missing() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] ||
            printf '%s\n' "$name"
    done
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# The postgresql package makes and starts a cluster of its own when it is installed for the first time. We never
# want one: its postinst is told so through its own switch, and the switch is put back afterwards.
postgresql_install() {
    local switch=/etc/postgresql-common/createcluster.conf kept status=0
    apt_install postgresql-common
    kept=$(mktemp)
    cp "$switch" "$kept"
    printf '\ncreate_main_cluster = false\n' | as_root tee -a "$switch" >/dev/null
    apt_install postgresql-15 || status=$?
    as_root cp "$kept" "$switch"
    rm -f "$kept"
    return $status
}

# packages_install NAME…: only what is missing; silent when nothing is.
packages_install() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    step "installing ${missing[*]}"
    as_root apt-get update -q >&2 || say "package lists could not be refreshed; trying with the present ones"
    case " ${missing[*]} " in *" postgresql-15 "*) postgresql_install ;; esac
    apt_install "${missing[@]}"
}

# ---- build ----------------------------------------------------------------------------------------------------

# build PRESET [TARGET…] into build/PRESET
build() {
    local preset=$1
    shift
    (
        cd "$SJ_ROOT"
        [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build-$preset.log" 2>&1 || {
            cat "build-$preset.log" >&2
            rm -f "build-$preset.log"
            exit 1
        }
        rm -f "build-$preset.log"
        ninja -C "build/$preset" "$@" >&2
    )
}

# ---- users ----------------------------------------------------------------------------------------------------

SJ_PG_BIN=${SJ_PG_BIN:-/usr/lib/postgresql/15/bin}
SJ_PG_USER=postgres    # made by the package
SJ_FRONT_USER=nobody   # of the base system: the server's front …
SJ_KEEPER_USER=daemon  # … and the keeper, two that own nothing

# How programs of an instance in folder $1 shed root: "self" (we are an ordinary user), "drop" (to system users),
# "hidden" (to system users too, but they cannot reach the folder, as under /root: PostgreSQL then gets its folders as open
# descriptors, and socket, certificate and password of the server are in a folder in /tmp until it stops).
pick_mode() {
    if ! is_root; then
        echo self
    elif setpriv --reuid="$SJ_FRONT_USER" --regid="$(id -g "$SJ_FRONT_USER")" --clear-groups \
        test -x "$1" 2>/dev/null; then
        echo drop
    else
        echo hidden
    fi
}

# run_as MODE USER COMMAND…
run_as() {
    local mode=$1 user=$2
    shift 2
    case $mode in
    self) "$@" ;;
    drop | hidden) setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all "$@" ;;
    *) die "unknown mode '$mode'" ;;
    esac
}

random_password() { openssl rand -base64 24 | tr '+/' '-_'; }

# is_alive PID: exists and is not a zombie (in a container nobody may reap orphans).
is_alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

# wait_gone PID SECONDS: waits for a process that need not be our child.
wait_gone() {
    local tries=$(($2 * 20))
    while is_alive "$1"; do
        [ $tries -gt 0 ] || return 1
        tries=$((tries - 1))
        sleep 0.05
    done
}
