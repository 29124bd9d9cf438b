# plugins/letta: agents of a Letta server, with their memory, history, archives and tools.
if PLUGIN_LETTA
noinst_LTLIBRARIES += libpab_letta.la
libpab_letta_la_SOURCES = \
	%D%/letta.h %D%/plugin.c %D%/connect.c %D%/list.c %D%/secrets.c %D%/text.c %D%/passages.c \
	%D%/check.c %D%/discover.c %D%/verify.c \
	%D%/backup.c %D%/backup_private.h %D%/backup_agents.c %D%/backup_archives.c \
	%D%/restore.c %D%/restore_private.h %D%/id_map.c %D%/saved.c %D%/same_agent.c %D%/restore_groups.c %D%/agent_file.c %D%/history.c \
	%D%/restore_parts.c %D%/restore_archives.c %D%/restore_folders.c %D%/restore_agents.c %D%/import_agent.c %D%/rejoin_blocks.c
libpab_letta_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
pkgplugin_LTLIBRARIES += letta.la
letta_la_SOURCES =
letta_la_LDFLAGS = -module $(plugin_ldflags)
letta_la_LIBADD = libpab_letta.la $(HTTP_LIBS)
endif
dist_man_MANS += %D%/pabengine-letta.7
EXTRA_DIST += %D%/pabengine-letta.pod
