noinst_LTLIBRARIES += libpab_plug.la
libpab_plug_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_plug_la_SOURCES = \
	%D%/accept.c \
	%D%/host.c \
	%D%/host_read.c \
	%D%/host_write.c \
	%D%/load.c %D%/load.h \
	%D%/op.c %D%/op.h %D%/op_private.h \
	%D%/watch.c %D%/watch.h
