# The fake host, for unit tests of plugins: LDADD libpab_fakes.la
check_LTLIBRARIES += libpab_fakes.la
libpab_fakes_la_CPPFLAGS = $(AM_CPPFLAGS)
libpab_fakes_la_SOURCES = \
	%D%/host.c %D%/host.h %D%/host_private.h \
	%D%/host_config.c \
	%D%/host_memory.c \
	%D%/host_read.c \
	%D%/host_tree.c \
	%D%/host_write.c
