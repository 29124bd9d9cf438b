# plugins/postgres: databases of a PostgreSQL server.
if PLUGIN_POSTGRES
noinst_LTLIBRARIES += libpab_postgres.la
libpab_postgres_la_SOURCES = \
	%D%/pg.h %D%/plugin.c \
	%D%/conn.c %D%/query.c %D%/pgtools.c %D%/container.c %D%/strays.c \
	%D%/sqlscan.h %D%/sqlscan.c \
	%D%/record.c \
	%D%/databases.c %D%/discover.c %D%/rights.c %D%/check.c \
	%D%/dump.h %D%/candidates.c %D%/snapshot.c %D%/split.c %D%/lanes.c %D%/dumper.c %D%/dbdump.c \
	%D%/globals_dump.c %D%/backup.c \
	%D%/back.h %D%/statements.c %D%/precheck.c %D%/toc.c %D%/omit.c %D%/dbprops.c %D%/rows.c %D%/early.c %D%/fill.c %D%/analyze.c %D%/load.c %D%/bypsql.c %D%/counts.c %D%/swap.c %D%/globals.c \
	%D%/restore.c %D%/verify.c
libpab_postgres_la_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS)
pkgplugin_LTLIBRARIES += postgres.la
postgres_la_SOURCES =
postgres_la_LDFLAGS = -module $(plugin_ldflags)
postgres_la_LIBADD = libpab_postgres.la $(DOCKER_LIBS) $(PQ_LIBS)
endif
dist_man_MANS += %D%/pabengine-postgres.7
EXTRA_DIST += %D%/pabengine-postgres.pod
