# environment ROOT LOCK: a virtual environment in ROOT/.venv that holds exactly what deploy/LOCK pins, by hash.
# Done once a lock: a stamp inside .venv remembers the lock's checksum.
environment() {
    python=${PYTHON:-python3}
    if ! command -v "$python" >/dev/null 2>&1; then
        echo "blogbot needs Python 3.11 or newer, and '$python' is not on the PATH. Install it, or name one: PYTHON=/path/to/python3 $0" >&2
        exit 1
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "blogbot needs Python 3.11 or newer, and '$python' is $("$python" -V 2>&1). Name another: PYTHON=/path/to/python3.12 $0" >&2
        exit 1
    fi
    # The lock of the tests holds everything the other one does, in the same versions.
    for lock in "$2" requirements-dev.txt; do
        sum=$(cksum <"$1/deploy/$lock")
        [ "$(cat "$1/.venv/.installed-$lock" 2>/dev/null || true)" = "$sum" ] && return 0
    done
    echo "blogbot: installing its dependencies into .venv (once, about a minute) ..." >&2
    if ! "$python" -m venv "$1/.venv" >&2; then
        echo "blogbot could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
    if ! "$1/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: --no-deps -r "$1/deploy/$2" >&2; then
        echo "blogbot could not install its dependencies from deploy/$2. Is the package registry reachable? Run $0 again to go on." >&2
        exit 1
    fi
    cksum <"$1/deploy/$2" >"$1/.venv/.installed-$2"
}
