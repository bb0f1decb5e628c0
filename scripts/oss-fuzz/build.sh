#!/usr/bin/env bash
# Builds the fuzz target as ClusterFuzzLite and OSS-Fuzz want it: compiler, flags and engine are theirs.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: OUT=DIR LIB_FUZZING_ENGINE=... scripts/oss-fuzz/build.sh

Writes into $OUT the fuzz target with a driver linked into it, and its seeds, dictionary and options:
fuzz_program, fuzz_program_seed_corpus.zip, fuzz_program.dict, fuzz_program.options.

  CC, CXX              compilers (clang, clang++)
  CFLAGS, CXXFLAGS     what instruments: the driver is compiled with all of CFLAGS, the rig without
                       sanitizers and coverage, so that the engine sees the driver alone
  SANITIZER            address, undefined, coverage or none; says what CFLAGS already hold, and
                       stands for them when they name no sanitizer
  LIB_FUZZING_ENGINE   what the engine is linked by (-fsanitize=fuzzer)
  OUT, WORK            where to write, where to build (a folder that is deleted)
  CHIMNEYSWEEP_SOURCES a folder with the C files of your driver (the bundled core)

examples:
  OUT=/tmp/out SANITIZER=address CC=clang-14 CXX=clang++-14 scripts/oss-fuzz/build.sh
TEXT
}

[ "${1:-}" = --help ] && { usage; exit 0; }
cd "$(dirname "$0")/../.."
[ -n "${OUT:-}" ] || { echo "build.sh: OUT is not set (build.sh --help)" >&2; exit 2; }
mkdir -p "$OUT"
work=${WORK:+$WORK/chimneysweep}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi

export CC=${CC:-clang} CXX=${CXX:-clang++}
cflags=${CFLAGS:-}
case "${SANITIZER:-address}" in
address) missing="-fsanitize=address" ;;
undefined) missing="-fsanitize=undefined -fno-sanitize-recover=all" ;;
coverage) missing="-fprofile-instr-generate -fcoverage-mapping" ;;
none) missing= ;;
*) echo "build.sh: SANITIZER=$SANITIZER: expected address, undefined, coverage or none" >&2; exit 2 ;;
esac
case " $cflags" in
*" ${missing%% *}"*) ;;
*) cflags="$cflags $missing" ;;
esac
engine=${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}
case "$engine $cflags" in
*-fsanitize=fuzzer\ *fuzzer-no-link* | *-fsanitize-coverage=*) ;;
-fsanitize=fuzzer\ *) [ "${SANITIZER:-}" = coverage ] || cflags="$cflags -fsanitize=fuzzer-no-link" ;;
esac

# The rig is compiled with what changes neither speed nor coverage.
rig=
for flag in $cflags; do
    case "$flag" in -fsanitize* | -fno-sanitize* | -fprofile-* | -fcoverage-*) ;; *) rig="$rig $flag" ;; esac
done
export AFL_LLVM_ALLOWLIST="$PWD/scripts/campaign/afl-allowlist" # of AFL++'s compilers

CFLAGS='' CXXFLAGS='' cmake -S . -B "$work" -DCMAKE_BUILD_TYPE= -DCMAKE_C_FLAGS="${rig:- -O1}" -DCMAKE_CXX_FLAGS="${CXXFLAGS:-}" \
    -DCHIM_ENGINE=given -DCHIM_ENGINE_LINK="$engine" -DCHIM_DRIVER_FLAGS="$cflags" \
    -DCHIM_DRIVER="${CHIMNEYSWEEP_SOURCES:+$(realpath "$CHIMNEYSWEEP_SOURCES")}"
cmake --build "$work" --parallel "${JOBS:-$(nproc)}" --target fuzz_program fuzz_supply

cp "$work/bin/fuzz_program" "$OUT/fuzz_program"
mkdir -p "$work/seeds"
find corpora -name '*.chim' -print0 -o -name '*.bin' -print0 | sort -z |
    xargs -0 "$work/bin/fuzz_supply" "$OUT/fuzz_program.dict" "$work/seeds"
rm -f "$OUT/fuzz_program_seed_corpus.zip"
zip=$(realpath "$OUT")/fuzz_program_seed_corpus.zip
(cd "$work/seeds" && cmake -E tar cf "$zip" --format=zip -- *)
cp scripts/oss-fuzz/fuzz_program.options "$OUT/fuzz_program.options"
