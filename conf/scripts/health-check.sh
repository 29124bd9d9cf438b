#!/bin/sh
# health-check.sh - are the services up, and is there a backup in time? Options: pabengine health --help
# The project folder is two above this one; its job is deployment/pabengine.yaml, or the file that PABENGINE_JOB names. PABENGINE: the
# program, when it is not in PATH.
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
job=${PABENGINE_JOB:-$root/deployment/pabengine.yaml}
exec "${PABENGINE:-pabengine}" health "$job" "$@"
