#!/bin/sh
# Runs each target for so many seconds (60 if not told): ./run.sh 180 [target ..]
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- stream request reply
# The golden frames of the tests are the seeds.
for golden in ../tests/golden/*.hex; do
    for target in request reply; do
        mkdir -p "corpus/$target"
        sed 's/#.*//' "$golden" | xxd -r -p >"corpus/$target/$(basename "$golden" .hex)"
    done
done
for target; do
    cargo +nightly fuzz run --fuzz-dir . --sanitizer none "$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
        -max_len=4096 -print_final_stats=1
done
