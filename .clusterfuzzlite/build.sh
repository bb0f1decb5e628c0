#!/usr/bin/env bash
# What `compile` of the builder image calls; everything is where OSS-Fuzz finds it too.
set -euo pipefail
exec "${SRC:?}/chimneysweep/scripts/oss-fuzz/build.sh"
