# Sourced by demo, test and check: makes .venv with what is asked for, and the programs of others that tests compare with.
# Needs only python3 (3.11+) and, for what is missing, apt.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "brygga: $*"
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        fail "'$*' needs root, and there is no sudo: run it as root, then run this script again"
    fi
}

# apt_install PACKAGE...: install Debian packages, or say which are missing where that cannot be done.
apt_install() {
    command -v apt-get >/dev/null || fail "please install: $* (there is no apt-get here)"
    say "installing $* with apt-get ..."
    as_root apt-get update -qq || say "apt-get update failed; trying with the lists that are here"
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "apt-get could not install: $*"
}

NEW_ENOUGH='sys.version_info >= (3, 11)'
# What the locked packages have wheels for; with another Python pip would have to compile some of them.
HAS_WHEELS="$NEW_ENOUGH and sys.version_info < (3, 15) and sys.implementation.name == 'cpython'
    and not sysconfig.get_config_var('Py_GIL_DISABLED')"

# is_python CANDIDATE CONDITION: the condition is Python's.
is_python() {
    command -v "$1" >/dev/null && "$1" -c "import sys, sysconfig; sys.exit(not ($2))" 2>/dev/null
}

# find_python: print the path of $PYTHON, else of the first Python that has wheels, else of any that is new enough.
find_python() {
    local condition candidate
    if [ -n "${PYTHON:-}" ]; then
        is_python "$PYTHON" "$NEW_ENOUGH" || fail "PYTHON=$PYTHON is no Python 3.11 or newer"
        command -v "$PYTHON"
        return
    fi
    for condition in "$HAS_WHEELS" "$NEW_ENOUGH"; do
        for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
            if is_python "$candidate" "$condition"; then
                command -v "$candidate"
                return
            fi
        done
    done
    if command -v python3 >/dev/null; then
        fail "Python 3.11 or newer is needed; this is $(python3 --version 2>&1) (set PYTHON=/path/to/a/newer/python3)"
    fi
    fail "Python 3.11 or newer is needed and there is no python3: apt-get install python3 python3-venv"
}

# make_venv LIST: .venv with the packages of requirements/LIST.txt (pinned and hashed) and the brygga command.
make_venv() {
    local list=$1 stamp=".venv/.installed-$1" python
    if [ -f "$stamp" ] && cmp -s "$stamp" "requirements/$list.txt" && [ -x .venv/bin/brygga ]; then return; fi
    python=$(find_python)
    if [ ! -x .venv/bin/python ]; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
        "$python" -m venv .venv || fail "could not make .venv with $python"
    fi
    say "installing Python packages into .venv (the first time takes a minute) ..."
    # hatchling is in the list so that the build of brygga itself needs no network of its own.
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r "requirements/$list.txt" ||
        fail "pip could not install requirements/$list.txt for $(.venv/bin/python --version): is the network there? (PYTHON=/path/to/python3 chooses another)"
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable . ||
        fail "pip could not install brygga itself"
    cp "requirements/$list.txt" "$stamp"
}

# make_oracles: tests/oracles/node_modules, as locked there with hashes. The tests themselves fetch nothing.
make_oracles() {
    local folder=tests/oracles
    local stamp=$folder/node_modules/.installed
    if [ -f "$stamp" ] && cmp -s "$stamp" "$folder/package-lock.json"; then return; fi
    command -v node >/dev/null && command -v npm >/dev/null || apt_install nodejs npm
    say "installing npm packages into $folder ..."
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
        fail "npm could not install $folder/package-lock.json: is the network there?"
    cp "$folder/package-lock.json" "$stamp"
}
