noinst_LTLIBRARIES += libpab_engine.la
libpab_engine_la_CPPFLAGS = $(CORE_CPPFLAGS) -DPAB_LIBEXECDIR=\"$(pkglibexecdir)\"
libpab_engine_la_SOURCES = \
	%D%/around.c %D%/around.h \
	%D%/artifact_in.c \
	%D%/artifact_out.c \
	%D%/backup.c \
	%D%/calendar.c %D%/calendar.h \
	%D%/cleanup.c %D%/cleanup.h \
	%D%/cleanup_verbs.c \
	%D%/conformance.c %D%/conformance.h \
	%D%/crontab_text.c %D%/crontab_text.h \
	%D%/discover.c \
	%D%/engine.h \
	%D%/events.c %D%/events.h \
	%D%/hooks.c %D%/hooks.h \
	%D%/init.c %D%/init.h %D%/init_private.h \
	%D%/init_folders.c \
	%D%/init_services.c \
	%D%/includes.c %D%/includes.h \
	%D%/integrity.c %D%/integrity.h \
	%D%/journal.c %D%/journal.h \
	%D%/machine.c %D%/machine.h \
	%D%/message.c %D%/message.h \
	%D%/layers.c %D%/layers.h \
	%D%/lineage.c %D%/lineage.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/notifier.c %D%/notifier.h \
	%D%/opctx.c %D%/opctx.h \
	%D%/order.c %D%/order.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/proof.c %D%/proof.h \
	%D%/report.c %D%/report.h \
	%D%/report_backups.c \
	%D%/report_charts.c \
	%D%/report_page.c %D%/report_page.h \
	%D%/restore.c %D%/restore_private.h \
	%D%/restore_checks.c \
	%D%/retention.c %D%/retention.h \
	%D%/retention_clock.c %D%/retention_clock.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/schedule_last.c \
	%D%/schedule_log.c \
	%D%/schedule_run.c \
	%D%/schedule_text.c %D%/schedule_text.h \
	%D%/schedule_units.c %D%/schedule_units.h \
	%D%/schedule_when.c \
	%D%/scratch.c %D%/scratch.h \
	%D%/session.c %D%/session.h \
	%D%/sizes.c %D%/sizes.h \
	%D%/space.c %D%/space.h \
	%D%/status.c %D%/status.h \
	%D%/structure.c %D%/structure.h \
	%D%/survey.c %D%/survey.h \
	%D%/turn.c %D%/turn.h \
	%D%/uncovered.c %D%/uncovered.h \
	%D%/uncovered_paths.c \
	%D%/uncovered_verb.c \
	%D%/trial.c %D%/trial.h \
	%D%/verify.c \
	%D%/warnings.c \
	%D%/whole.c %D%/whole.h
