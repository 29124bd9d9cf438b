# plugins/neo4j: graphs with their constraints and indexes.
if PLUGIN_NEO4J
noinst_LTLIBRARIES += libpab_neo4j.la
libpab_neo4j_la_SOURCES = \
	%D%/neo4j.h %D%/plugin.c %D%/query.c \
	%D%/discover.c %D%/check.c %D%/verify.c \
	%D%/tally.c %D%/idstore.c %D%/scan.c %D%/schema.c %D%/lines.c \
	%D%/backup.c %D%/export.c \
	%D%/restore.c %D%/restore_graph.c %D%/load.c %D%/plain.c \
	%D%/service.c %D%/cold.c %D%/dump.c %D%/aside.c %D%/dump_verify.c %D%/store_check.c %D%/restore_files.c
libpab_neo4j_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(ARCHIVE_CFLAGS)
pkgplugin_LTLIBRARIES += neo4j.la
neo4j_la_SOURCES =
neo4j_la_LDFLAGS = -module $(plugin_ldflags)
neo4j_la_LIBADD = libpab_neo4j.la $(DOCKER_LIBS) $(CRYPTO_LIBS) $(ARCHIVE_LIBS)
endif
dist_man_MANS += %D%/pabengine-neo4j.7
EXTRA_DIST += %D%/pabengine-neo4j.pod
