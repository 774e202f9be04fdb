# Shared by the scripts beside it; not run by itself.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Compilers that run at a time: one per core, but no more than the memory carries (the largest file needs about 1.5 GiB).
compile_jobs() {
  local cores kib limit
  cores=$(nproc 2>/dev/null || echo 1)
  kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || true)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
  if [[ $limit =~ ^[0-9]+$ ]] && { [[ -z $kib ]] || ((limit / 1024 < kib)); }; then kib=$((limit / 1024)); fi
  if [[ -n $kib ]] && ((kib / 1572864 < cores)); then cores=$((kib / 1572864)); fi
  ((cores >= 1)) || cores=1
  echo "$cores"
}

# configured FOLDER: as a build of this clone. One that was moved or copied still has the cache of the other place.
configured() {
  [[ -f $1/CMakeCache.txt ]] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$1/CMakeCache.txt"
}

# configure FOLDER [-DNAME=VALUE ...]: the first time, and whenever the arguments may have changed.
configure() {
  local folder=$1
  shift
  if [[ -f $folder/CMakeCache.txt ]] && ! configured "$folder"; then rm -rf "$folder"; fi
  cmake -S "$root" -B "$folder" -G Ninja "$@" >"$folder.log" 2>&1 || {
    cat "$folder.log" >&2
    fail "cmake could not configure $folder"
  }
  rm -f "$folder.log"
}
