#!/bin/sh
# schedule-backup.sh - backups by themselves: schedule-backup.sh install|uninstall|status|run|test [options], or of what there is:
# schedule-backup.sh list|cleanup [options]. Options: pabengine schedule --help, pabengine cleanup --help
# The project folder is two above this one; its job is deployment/pabengine.yaml, or the file that PABENGINE_JOB names. PABENGINE: the
# program, when it is not in PATH.
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
job=${PABENGINE_JOB:-$root/deployment/pabengine.yaml}
# where people look for logs
if [ ! -e "$root/deployment/logs" ] && [ ! -L "$root/deployment/logs" ]; then ln -s backups/logs "$root/deployment/logs"; fi
case ${1:-} in
'' | -*) exec "${PABENGINE:-pabengine}" schedule --help ;;
esac
verb=$1
shift
case $verb in
list | cleanup) exec "${PABENGINE:-pabengine}" "$verb" "$job" "$@" ;;
*) exec "${PABENGINE:-pabengine}" schedule "$verb" "$job" "$@" ;;
esac
