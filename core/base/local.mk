noinst_LTLIBRARIES += libpab_base.la
libpab_base_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_base_la_SOURCES = \
	%D%/alloc.h \
	%D%/buf.h \
	%D%/cancel.h \
	%D%/cleanup.h \
	%D%/clock.h \
	%D%/error.h \
	%D%/fsutil.h \
	%D%/glob.h \
	%D%/lockfile.h \
	%D%/log.h \
	%D%/pool.h \
	%D%/proc.h \
	%D%/secret.h \
	%D%/str.h \
	%D%/vec.h
