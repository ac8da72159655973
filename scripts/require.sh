#!/usr/bin/env bash
# Says in one line what this machine lacks to build and test Jiaozi. On a throw-away CI machine
# (CI=true, root, apt-get) it installs what the distribution has new enough. `require.sh node
# postgres go java python` asks for these too, which only tests need.
set -euo pipefail

node_major_min=20
postgres_major_min=15
wanted=" $* "
missing=()
packages=()

has() { command -v "$1" >/dev/null 2>&1; }
wants() { [[ "$wanted" == *" $1 "* ]]; }

# The newest PostgreSQL whose programs a test could start, 0 when there is none. Distributions keep
# them beside the PATH.
postgres_major() {
  local folder version newest=0
  for folder in "$(dirname "$(command -v initdb || echo /none/initdb)")" \
    "$(pg_config --bindir 2>/dev/null || echo /none)" /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      version=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
      if [ "$version" -gt "$newest" ]; then newest=$version; fi
    fi
  done
  echo "$newest"
}

if ! has cc || ! has make; then
  missing+=("a C compiler and make (Debian: apt-get install build-essential)")
  packages+=(build-essential)
fi
if wants postgres && [ "$(postgres_major)" -lt "$postgres_major_min" ]; then
  # Tests start servers of their own; the one that Debian would set up is not needed.
  packages+=(postgresql)
fi

if wants go && ! has go; then packages+=(golang-go); fi
if wants java && ! (has javac && has mvn); then packages+=(default-jdk-headless maven); fi
if wants python && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  packages+=(python3 python3-venv)
fi

if [ "${#packages[@]}" -gt 0 ] && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && has apt-get; then
  echo "installing ${packages[*]}"
  apt-get update -qq
  mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/tests.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${packages[@]}" >/dev/null
  missing=()
fi

if ! has cargo; then
  missing+=("Rust (https://rustup.rs; rust-toolchain.toml then picks the version)")
elif ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
  missing+=("rustfmt and clippy (rustup component add rustfmt clippy)")
fi

if wants postgres && [ "$(postgres_major)" -lt "$postgres_major_min" ]; then
  missing+=("PostgreSQL $postgres_major_min or newer (Debian: apt-get install postgresql)")
fi

if wants node; then
  if ! has node; then
    missing+=("Node $node_major_min or newer (https://nodejs.org)")
  elif [ "$(node -p 'process.versions.node.split(".")[0]')" -lt "$node_major_min" ]; then
    missing+=("Node $node_major_min or newer, this is $(node --version) (https://nodejs.org)")
  fi
  has npm || missing+=("npm (it comes with Node)")
fi

if wants go && ! has go; then missing+=("Go 1.19 or newer (https://go.dev)"); fi
if wants java && ! (has javac && has mvn); then
  missing+=("a JDK and Maven (Debian: apt-get install default-jdk-headless maven)")
fi
if wants python && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  missing+=("Python 3.9 or newer with venv (Debian: apt-get install python3-venv)")
fi

if [ "${#missing[@]}" -gt 0 ]; then
  list="${missing[0]}"
  for item in "${missing[@]:1}"; do list="$list; $item"; done
  echo "missing: $list" >&2
  exit 1
fi
