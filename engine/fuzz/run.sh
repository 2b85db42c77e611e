#!/bin/sh
# Runs each target for so many seconds (60 if not told): ./run.sh 180 [target ..]
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- record manifest segment packed records views
for target; do
    cargo +nightly fuzz run --fuzz-dir . --sanitizer none "$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 \
        -max_len=512 -len_control=0 -print_final_stats=1
done
