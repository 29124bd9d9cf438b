noinst_LTLIBRARIES += libpab_config.la
libpab_config_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_config_la_SOURCES = \
	%D%/job.h \
	%D%/node.h \
	%D%/options.h
