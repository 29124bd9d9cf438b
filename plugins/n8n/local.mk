# plugins/n8n: workflows, credentials, tags and data tables of an n8n server.
if PLUGIN_N8N
noinst_LTLIBRARIES += libpab_n8n.la
libpab_n8n_la_SOURCES = \
	%D%/n8n.h %D%/plugin.c %D%/connect.c %D%/list.c %D%/text.c %D%/text.h %D%/refs.c %D%/key.c %D%/stored.c \
	%D%/cli.c %D%/cli_container.c %D%/cli_private.h \
	%D%/check.c %D%/discover.c %D%/verify.c \
	%D%/backup.c %D%/backup_private.h %D%/backup_workflows.c %D%/backup_credentials.c %D%/backup_tables.c %D%/backup_folders.c \
	%D%/restore.c %D%/restore_private.h %D%/wanted.c %D%/compare.c %D%/create.c %D%/refused.c %D%/body.c %D%/finish.c \
	%D%/restore_workflows.c %D%/restore_credentials.c %D%/restore_tags.c %D%/restore_tables.c %D%/restore_variables.c
libpab_n8n_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(ARCHIVE_CFLAGS) $(CRYPTO_CFLAGS)
pkgplugin_LTLIBRARIES += n8n.la
n8n_la_SOURCES =
n8n_la_LDFLAGS = -module $(plugin_ldflags)
n8n_la_LIBADD = libpab_n8n.la $(DOCKER_LIBS) $(ARCHIVE_LIBS) $(CRYPTO_LIBS)
endif
dist_man_MANS += %D%/pabengine-n8n.7
EXTRA_DIST += %D%/pabengine-n8n.pod
