# Modules without state of the process: linked into the plugins, too, with hidden symbols (see tests/lint/layers.sh).
noinst_LTLIBRARIES += libpab_plain.la
libpab_plain_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_plain_la_SOURCES = \
	%D%/alloc.c %D%/alloc.h \
	%D%/buf.c %D%/buf.h \
	%D%/cancel.c %D%/cancel.h \
	%D%/cleanup.h \
	%D%/clock.c %D%/clock.h \
	%D%/cpus.c %D%/cpus.h \
	%D%/deadline.c %D%/deadline.h \
	%D%/error.c %D%/error.h \
	%D%/faults.c %D%/faults.h \
	%D%/fsutil.c %D%/fspath.c %D%/remove_tree.c %D%/fsutil.h \
	%D%/glob.c %D%/glob.h \
	%D%/kept.c %D%/kept.h \
	%D%/proc.c %D%/proc_watch.c %D%/proc_private.h %D%/proc.h \
	%D%/str.c %D%/text.c %D%/str.h \
	%D%/vec.c %D%/vec.h

noinst_LTLIBRARIES += libpab_base.la
libpab_base_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_base_la_LIBADD = libpab_plain.la
libpab_base_la_SOURCES = \
	%D%/lockfile.c %D%/lockfile.h \
	%D%/log.c %D%/log.h \
	%D%/pool.c %D%/pool.h \
	%D%/secret.c %D%/secret.h \
	%D%/talk.c %D%/talk.h
