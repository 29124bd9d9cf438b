#!/bin/sh
# backup.sh - backs everything up into deployment/backups. Options: pabengine run --help
# The project folder is two above this one; its job is deployment/pabengine.yaml, or the file that PABENGINE_JOB names. PABENGINE: the
# program, when it is not in PATH.
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
job=${PABENGINE_JOB:-$root/deployment/pabengine.yaml}
# where people look for logs
if [ ! -e "$root/deployment/logs" ] && [ ! -L "$root/deployment/logs" ]; then ln -s backups/logs "$root/deployment/logs"; fi
exec "${PABENGINE:-pabengine}" run "$job" "$@"
