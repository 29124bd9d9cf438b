# Unit tests of plugins/postgres: what needs no server.
if PLUGIN_POSTGRES
unit_tests += tests/unit/check_pg_sqlscan
tests_unit_check_pg_sqlscan_SOURCES = tests/unit/check_pg_sqlscan.c tests/unit/unit.h
tests_unit_check_pg_sqlscan_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_pg_sqlscan_LDADD = libpab_postgres.la libpab_support.la $(CHECK_LIBS)

unit_tests += tests/unit/check_pg_split
tests_unit_check_pg_split_SOURCES = tests/unit/check_pg_split.c tests/unit/unit.h
tests_unit_check_pg_split_CPPFLAGS = $(UNIT_CPPFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_check_pg_split_LDADD = libpab_postgres.la $(DOCKER_LIBS) $(PQ_LIBS) $(CHECK_LIBS)

unit_tests += tests/unit/check_pg_early
tests_unit_check_pg_early_SOURCES = tests/unit/check_pg_early.c tests/unit/unit.h
tests_unit_check_pg_early_CPPFLAGS = $(UNIT_CPPFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_check_pg_early_LDADD = libpab_postgres.la $(DOCKER_LIBS) $(PQ_LIBS) $(CHECK_LIBS)

unit_tests += tests/unit/check_pg_tools
tests_unit_check_pg_tools_SOURCES = tests/unit/check_pg_tools.c tests/unit/unit.h
tests_unit_check_pg_tools_CPPFLAGS = $(UNIT_CPPFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_check_pg_tools_LDADD = libpab_postgres.la $(DOCKER_LIBS) $(PQ_LIBS) $(CHECK_LIBS)

# Run by tests/integration/postgres-backup.sh, which has a server.
check_PROGRAMS += tests/unit/check_pg_backup
tests_unit_check_pg_backup_SOURCES = tests/unit/check_pg_backup.c tests/unit/unit.h
tests_unit_check_pg_backup_CPPFLAGS = $(UNIT_CPPFLAGS) $(PQ_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_check_pg_backup_LDADD = libpab_postgres.la libpab_fakes.la $(DOCKER_LIBS) $(PQ_LIBS) $(CHECK_LIBS)
endif
