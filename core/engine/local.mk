noinst_LTLIBRARIES += libpab_engine.la
libpab_engine_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_engine_la_SOURCES = \
	%D%/artifact_in.c \
	%D%/artifact_out.c \
	%D%/engine.h \
	%D%/events.c %D%/events.h \
	%D%/journal.c %D%/journal.h \
	%D%/opctx.c %D%/opctx.h \
	%D%/session.c %D%/session.h
