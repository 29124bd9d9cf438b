noinst_LTLIBRARIES += libpab_config.la
libpab_config_la_CPPFLAGS = $(CORE_CPPFLAGS) -DPAB_SYSCONFDIR=\"$(sysconfdir)\"
libpab_config_la_SOURCES = \
	%D%/config.c \
	%D%/config_impl.h \
	%D%/envfile.c %D%/envfile.h \
	%D%/job.c %D%/job.h \
	%D%/job_around.c %D%/job_around.h \
	%D%/job_tables.c %D%/job_tables.h \
	%D%/node.c %D%/node.h \
	%D%/notify.c %D%/notify.h \
	%D%/options.c %D%/options.h \
	%D%/place.c %D%/place.h \
	%D%/scalars.c \
	%D%/credential.c %D%/credential.h \
	%D%/secretref.c %D%/secretref.h \
	%D%/table.c \
	%D%/template.c %D%/template.h \
	%D%/yaml_error.c %D%/yaml_error.h
