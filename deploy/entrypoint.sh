#!/bin/sh
# numba refuses a cache that it cannot write to, so the prepared one is copied to where it can.
set -eu
if [ "${1:-}" = worker ] && [ ! -e "$NUMBA_CACHE_DIR" ]; then
  cp -R /app/numba "$NUMBA_CACHE_DIR"
fi
exec simulacra "$@"
