#!/bin/sh
# Make ready what the project runs on, then run a command in it:
#
#   madpy/dev/bootstrap.sh [--with EXTRA]... [--program NAME]... [--extension NAME]... [--apart FOLDER]... [--venv FOLDER]
#                          [COMMAND [ARGUMENT]...]
#   madpy/dev/bootstrap.sh --state          only print the state folder; makes nothing
#
# 1. system packages: only what is missing, from the distribution, said before it is done; NAME is a program that
#    only some commands need, and that of its package, or an extension of the distribution's PostgreSQL, pg_NAME;
# 2. a virtual environment with the Python that PL/Python links to (its binary wheels have to match), in FOLDER or in
#    the state folder, with the dependencies of pyproject.toml and of each EXTRA; for each FOLDER of the checkout that is
#    given with --apart another one, venv-FOLDER in the state folder, with the packages of its requirements.txt;
# 3. the command, in the checkout, with that environment's programs first on PATH.
#
# All that is made lies in the state folder: .madpy in the checkout, or for root a folder under /var/lib/madpy, because the
# server then runs as `postgres`, who may not be able to read the checkout.  Repeated, it only looks.
# All it says goes to stderr, so that the output of the command can be used.
set -eu
umask 022

main() {
    unset CDPATH
    checkout=$(cd "$(dirname "$0")/../.." && pwd -P)
    state=${MADPY_STATE:-$(state_folder)}
    venv=$state/venv extras= programs= extensions= apart=
    while [ $# -gt 0 ]; do
        case $1 in
            --state) echo "$state"; exit ;;
            --with) ensure_extra "${2:-}"; extras="$extras $2"; shift 2 ;;
            --program) programs="$programs $2"; shift 2 ;;
            --extension) extensions="$extensions $2"; shift 2 ;;
            --apart) apart="$apart $2"; shift 2 ;;
            --venv) venv=$2; shift 2 ;;
            *) break ;;
        esac
    done
    clean_environment
    mkdir -p "$state"
    exec 9>"$state/lock"
    flock 9
    ensure_system_packages
    ensure_venv
    for folder in $apart; do
        ensure_venv_apart "$folder"
    done
    echo "$PG_CONFIG" >"$state/pg_config"
    exec 9>&-
    run_in_environment "$@"
}

say() { echo "madpy: $*" >&2; }
die() { say "$@"; exit 1; }

# pip only warns of an extra that there is not.
ensure_extra() {
    known=$(sed -n '/^\[project.optional-dependencies\]/,/^$/s/^\([a-z]*\) *=.*/\1/p' "$checkout/pyproject.toml")
    echo "$known" | grep -qxF -e "$1" || die "--with $1: pyproject.toml has no such extra, only" $known
}

state_folder() {
    if [ "$(id -u)" = 0 ]; then
        echo "/var/lib/madpy/$(printf %s "$checkout" | sha256sum | cut -c1-8)"
    else
        echo "$checkout/.madpy"
    fi
}

# What a user's shell may hold and what must not decide which Python, which packages or which make options are meant here.
clean_environment() {
    unset $(env | sed -n 's/^\(PYTHON[A-Z_]*\)=.*/\1/p') VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON
    unset MAKEFLAGS GNUMAKEFLAGS MFLAGS MAKELEVEL MAKEFILES COPT PROFILE DESTDIR EXTDIR PYTHON_PATH WARNINGS
    export HOME="${HOME:-$state}"
}

### System packages

ensure_system_packages() {
    find_pg_config
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        install_packages $missing
        find_pg_config
        missing=$(missing_packages)
        [ -z "$missing" ] || die "still missing after the installation: $missing"
    fi
}

# PG_CONFIG as given, or pg_config on PATH, or that of the distribution's PostgreSQL, which may not be installed yet.
# The one beside the other programs stands for all names of one server: what is compiled is kept by this name.
find_pg_config() {
    PG_CONFIG=$(command -v "${PG_CONFIG:-pg_config}" || echo "${PG_CONFIG:-}")
    if [ -x "$PG_CONFIG" ]; then
        version=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
        [ ! -x "$(pg --bindir)/pg_config" ] || PG_CONFIG=$(pg --bindir)/pg_config
    elif [ -n "$PG_CONFIG" ]; then
        [ -n "${version:-}" ] || die "there is no program \"$PG_CONFIG\" (PG_CONFIG)"
    else
        version=$(distribution_version)
        PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
    fi
    export PG_CONFIG
}

distribution_version() {
    command -v apt-get >/dev/null ||
        die "there is no pg_config here: install PostgreSQL with its development files and PL/Python, or set PG_CONFIG"
    default=$(apt_default)
    if [ -z "$default" ]; then
        say "reading the distribution's list of packages"
        as_root apt-get update -q >&2
        default=$(apt_default)
    fi
    [ -n "$default" ] || die "this distribution has no package \"postgresql\""
    echo "$default"
}

apt_default() { apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p'; }

# A piece is missing when its file is: what did not come as a package is as good.
missing_packages() {
    [ -x "$(pg --bindir)/initdb" ] || echo "postgresql-$version"
    [ -f "$(pg --pkglibdir)/plpython3.so" ] || echo "postgresql-plpython3-$version"
    [ -f "$(pg --pgxs)" ] && [ -f "$(pg --includedir-server)/postgres.h" ] || echo "postgresql-server-dev-$version"
    [ -f "$(pg --includedir)/libpq-fe.h" ] || echo libpq-dev
    command -v make >/dev/null || echo make
    command -v cc >/dev/null || command -v gcc >/dev/null || echo gcc
    [ -f /usr/include/stdio.h ] || echo libc6-dev
    for program in $programs; do
        command -v "$program" >/dev/null || echo "$program"
    done
    case $PG_CONFIG in
        /usr/lib/postgresql/*)
            for extension in $extensions; do
                [ -f "$(pg --pkglibdir)/pg_$extension.so" ] || echo "postgresql-$version-$extension"
            done ;;
    esac
    python=$(linked_python)
    "$python" -I -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    "$python" -I -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null || echo python3-dev
}

pg() { [ ! -x "$PG_CONFIG" ] || "$PG_CONFIG" "$@"; }

# The program of the libpython that PL/Python is linked with; before PL/Python is there, the distribution's.
linked_python() {
    library=$(ldd "$(pg --pkglibdir)/plpython3.so" 2>/dev/null | sed -n 's/.*=> \(.*libpython3[^ ]*\) .*/\1/p')
    if [ -z "$library" ]; then
        echo /usr/bin/python3
        return
    fi
    library=$(readlink -f "$library")
    name=$(basename "$library" | sed 's/^lib\(python3\.[0-9]*\).*/\1/')
    for folder in "$(dirname "$library")/../bin" "$(dirname "$library")/../../bin" /usr/bin /usr/local/bin; do
        [ ! -x "$folder/$name" ] || break
    done
    echo "$(readlink -f "$folder")/$name"
}

install_packages() {
    case $PG_CONFIG in
        /usr/bin/* | /bin/* | /usr/lib/postgresql/*) ;;
        *) case $* in *postgresql-*) die "the PostgreSQL of $PG_CONFIG lacks what these packages have: $*" ;; esac ;;
    esac
    command -v apt-get >/dev/null || die "please install what these Debian packages have: $*"
    say "going to install from the distribution, with what they need: $*"
    as_root apt-get update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "an administrator has to run this once: $*"
    fi
}

### The virtual environment

# Two marks in the environment: `madpy-made` says with what it was made, `madpy-EXTRA` what was last installed into it.
ensure_venv() {
    python=$(linked_python)
    made="$python in $venv"
    wanted="$(sed "/^\[tool\./,\$d" "$checkout/pyproject.toml" | cat - "$checkout/setup.py" | sha256sum) $made"
    if [ "$(mark made)" != "$made" ] || [ ! -x "$venv/bin/python" ]; then
        make_venv "$venv"
    fi
    install=
    for extra in base $extras; do
        [ "$(mark "$extra")" = "$wanted" ] || install="$install $extra"
    done
    [ -z "$install" ] || install_requirements $install
}

mark() { cat "$venv/madpy-$1" 2>/dev/null || true; }

make_venv() {
    [ ! -e "$1" ] || [ -e "$1/madpy-made" ] || [ -z "$(ls -A "$1")" ] ||
        die "\"$1\" is there and is not an environment of madpy: left alone"
    mkdir -p "$1" 2>/dev/null && [ -w "$1" ] || die "\"$1\" is not writable for $(id -un): try with sudo"
    say "making a virtual environment with $python in $1"
    rm -rf "$1"
    "$python" -I -m venv "$1"
    echo "$python in $1" >"$1/madpy-made"
}

# Programs whose packages do not go together with those of madpy.
ensure_venv_apart() {
    requirements=$checkout/$1/requirements.txt other=$state/venv-$1
    mark="$(sha256sum <"$requirements") $python in $other"
    [ "$(cat "$other/madpy-requirements" 2>/dev/null)" != "$mark" ] || return 0
    make_venv "$other"
    say "installing the Python packages of $1/requirements.txt: this can take a minute or two"
    "$other/bin/python" -I -m pip install --quiet --disable-pip-version-check -r "$requirements" \
        >"$state/pip.log" 2>&1 || die "the Python packages of \"$1\" cannot be installed: $(why_pip_failed)"
    echo "$mark" >"$other/madpy-requirements"
}

# Installed from a copy: setuptools leaves files in the folder it builds in, and the checkout stays as it is.
install_requirements() {
    list=$(echo "$@" | tr ' ' ',')
    say "installing the Python packages of pyproject.toml ($list): this can take a minute or two"
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    for folder in "$checkout"/*/; do
        [ ! -e "$folder/__init__.py" ] || cp -R "${folder%/}" "$copy"
    done
    cp "$checkout/pyproject.toml" "$checkout/setup.py" "$copy"
    [ ! -e "$checkout/README.md" ] || cp "$checkout/README.md" "$copy"
    PATH=$(dirname "$PG_CONFIG"):$PATH "$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check \
        "$copy[$list]" >"$state/pip.log" 2>&1 || die "the Python packages of \"$list\" cannot be installed: $(why_pip_failed)"
    rm -rf "$copy"
    write_program
    for extra in "$@"; do
        echo "$wanted" >"$venv/madpy-$extra"
    done
}

# In one line; what pip says of a network that is not there takes twenty.
why_pip_failed() {
    if grep -q 'connection broken by' "$state/pip.log"; then
        echo "the index of packages cannot be reached ($state/pip.log)"
    else
        echo "$(sed -n 's/^ERROR: //p' "$state/pip.log" | head -n 1) ($state/pip.log)"
    fi
}

# In place of pip's: isolated (-I), because it works as a superuser of databases, and neither PYTHONPATH nor the current
# folder may say what code that is.
write_program() {
    printf '#!/bin/sh\nexec "%s" -I -m madpy.cli "$@"\n' "$venv/bin/python" >"$venv/bin/madpy"
    chmod 755 "$venv/bin/madpy"
}

### The command

# What tools keep for themselves goes into the state folder: root leaves nothing in somebody's checkout.
run_in_environment() {
    [ $# -gt 0 ] || exit 0
    cd "$checkout"
    export MADPY_STATE="$state" PATH="$venv/bin:$("$PG_CONFIG" --bindir):$PATH"
    export PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 MYPY_CACHE_DIR="$state/cache/mypy" RUFF_CACHE_DIR="$state/cache/ruff"
    exec "$@"
}

main "$@"
