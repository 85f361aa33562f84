# Hugepages and hugetlbfs: what a verb changes on the host is written down, so that clean restores it.
# Sourced by lib.sh.
host_state=/run/jumpgate-host-state

# note KEY VALUE: the first value noted for a key is the host's own; later ones are ours.
host_note() {
  grep -qs "^$1=" "$host_state" || echo "$1=$2" >>"$host_state"
}

# huge_reserve MIB: sees to it that so much is free in 2 MiB pages, else says so and sets
# JUMPGATE_NO_HUGE=1, at which the programs run in ordinary memory (--no-huge).
huge_reserve() {
  local want=$((($1 + 1) / 2)) total free
  unset JUMPGATE_NO_HUGE
  total=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null || echo 0)
  free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
  if ((${free:-0} < want)) && ((EUID == 0)); then
    local wanted_total=$((total + want - ${free:-0}))
    if host_note nr_hugepages "$total" 2>/dev/null; then
      sysctl -qw "vm.nr_hugepages=$wanted_total" 2>/dev/null || true
    fi
    free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
  fi
  if ((${free:-0} >= want)) && huge_mount; then
    return 0
  fi
  echo "== no hugepages to be had ($1 MiB wanted): going on with --no-huge, which is slower"
  export JUMPGATE_NO_HUGE=1
}

huge_mount() {
  grep -q ' hugetlbfs ' /proc/mounts && return 0
  mkdir -p /dev/hugepages 2>/dev/null &&
    mount -t hugetlbfs hugetlbfs /dev/hugepages 2>/dev/null &&
    host_note mounted /dev/hugepages
}

# huge_restore: puts back exactly what huge_reserve changed.
huge_restore() {
  [[ -f $host_state ]] || return 0
  local key value
  while IFS='=' read -r key value; do
    case $key in
      nr_hugepages) sysctl -qw "vm.nr_hugepages=$value" ;;
      mounted) umount "$value" ;;
    esac
  done <"$host_state"
  rm -f "$host_state"
}
