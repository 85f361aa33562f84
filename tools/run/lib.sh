# Shared by the verbs: messages, packages, profiles. Sourced; the working directory is the root of the tree.
set -euo pipefail
# The packages' own programs, python3 and its modules above all, before what else a machine may have.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
source tools/run/hugepages.sh

say() { printf '== %s\n' "$*"; }
die() {
  printf 'run: %s\n' "$1" >&2
  exit "${2:-1}"
}

need_root() {
  [[ $EUID -eq 0 ]] || die "this verb needs root: sudo ./run ${1:-}" 2
}

# need_packages GROUP...: installs what is missing of these groups, and nothing else.
need_packages() {
  local pattern missing=() package
  pattern=$(IFS='|' && echo "$*")
  for package in $(awk -v g="^($pattern)\$" '!/^#/ && $2 ~ g {print $1}' tools/run/packages.txt); do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  [[ $EUID -eq 0 ]] || die "missing packages, mend with: apt-get install ${missing[*]}" 2
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # With what they depend on there are many more: a line for every 20 that are there or ready.
  apt-get -q -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" |
    awk '/^Get:/ && ++got % 20 == 0 { print "   " got " fetched" }
         /^Setting up/ && ++ready % 20 == 0 { print "   " ready " set up" } { fflush() }' ||
    die "apt-get could not install: ${missing[*]}"
}

# configure PROFILE [MESON OPTION...]: makes build/PROFILE once; each profile's options stand here.
configure() {
  local profile=$1 compiler=g++ options=()
  shift
  # Sanitizers at -O0, with clang and several files at a time: both compilers build the tree, clang takes two thirds
  # of g++'s time over it, and what the files of a target share, templates above all, is compiled once instead of
  # once a file. The other profiles compile each file by itself.
  case $profile in
    debug) options=(--buildtype=debug) ;;
    # g++ 12 at -O3 warns of overflows inside fmt and std::string that are not there; the debug and lint
    # builds judge our own code with -Werror.
    release) options=(-Doptimization=3 -Ddebug=true -Ddebug_invariants=false -Dwerror=false) ;;
    asan)
      compiler=clang++-19
      options=(--buildtype=debug -Db_sanitize=address,undefined -Db_lundef=false
        -Dunity=on -Dunity_size=16)
      ;;
    tsan)
      compiler=clang++-19
      options=(--buildtype=debug -Db_sanitize=thread -Db_lundef=false
        -Dunity=on -Dunity_size=16)
      ;;
    fuzz)
      compiler=clang++-19
      options=(-Doptimization=1 -Ddebug=true -Db_sanitize=address,undefined -Db_lundef=false
        -Dfuzz=true)
      ;;
    *) die "no profile '$profile': debug, release, asan or tsan" 2 ;;
  esac
  mkdir -p build
  if [[ -f build/$profile/build.ninja ]]; then
    # Each time: meson does not notice by itself that a folder has got a meson.build.
    options=(--reconfigure)
    set --
  fi
  say "configuring build/$profile"
  CXX="ccache $compiler" meson setup "build/$profile" "${options[@]}" "$@" >"build/configure-$profile.log" 2>&1 || {
    tail -n 30 "build/configure-$profile.log"
    die "meson setup failed for profile $profile"
  }
}

# compile PROFILE [TARGET...]: ninja's own progress on a terminal, a line every 10 steps elsewhere.
compile() {
  local profile=$1
  shift
  say "building build/$profile"
  if [[ -t 1 ]]; then
    ninja -C "build/$profile" "$@"
  else
    ninja -C "build/$profile" "$@" | awk '
      /^\[[0-9]+\/[0-9]+\]/ { split($1, n, /[\[\/\]]/); if (n[2] % 10 && n[2] != n[3]) next }
      { print; fflush() }'
  fi
}

# profile_targets PROFILE executables-in FOLDER | tests-of SUITE: names of ninja targets.
profile_targets() {
  python3 tools/run/targets.py "build/$1" "$2" "$3"
}
