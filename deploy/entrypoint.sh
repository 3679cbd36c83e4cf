#!/bin/sh
# numba needs a cache that it can write to, so the cache of the image is copied to a writable place.
set -eu
if [ "${1:-}" = worker ] && [ ! -e "$NUMBA_CACHE_DIR" ]; then
  cp -R /app/numba "$NUMBA_CACHE_DIR"
fi
exec simulacra "$@"
