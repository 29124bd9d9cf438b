# Commented examples, next to the documents: an installed job of the user's own is never overwritten.
examplesdir = $(docdir)/examples
dist_examples_DATA = %D%/pabengine.yaml
jobexamplesdir = $(examplesdir)/jobs
dist_jobexamples_DATA = %D%/jobs/files.yaml %D%/jobs/letta.yaml %D%/jobs/n8n.yaml %D%/jobs/neo4j.yaml %D%/jobs/nightly.yaml %D%/jobs/postgres.yaml %D%/jobs/volume.yaml

# Thin scripts that call pabengine, under names that people know: `pabengine scripts install DIR` copies them.
scriptsdir = $(pkglibexecdir)/scripts
dist_scripts_SCRIPTS = %D%/scripts/backup.sh %D%/scripts/restore.sh %D%/scripts/verify-backup.sh %D%/scripts/health-check.sh \
	%D%/scripts/schedule-backup.sh
