# Unit tests of core/base and of the fake host.
BASE_UNIT_LIBS = libpab_base.la $(CHECK_LIBS)

unit_tests += tests/unit/check_fake_host
tests_unit_check_fake_host_SOURCES = tests/unit/check_fake_host.c tests/unit/unit.h
tests_unit_check_fake_host_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_fake_host_LDADD = libpab_fakes.la $(CHECK_LIBS)

unit_tests += tests/unit/check_alloc
tests_unit_check_alloc_SOURCES = tests/unit/check_alloc.c tests/unit/unit.h
tests_unit_check_alloc_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_alloc_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_str
tests_unit_check_str_SOURCES = tests/unit/check_str.c tests/unit/unit.h
tests_unit_check_str_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_str_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_glob
tests_unit_check_glob_SOURCES = tests/unit/check_glob.c tests/unit/unit.h
tests_unit_check_glob_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_glob_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_fs
tests_unit_check_fs_SOURCES = tests/unit/check_fs.c tests/unit/unit.h
tests_unit_check_fs_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_fs_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_lockfile
tests_unit_check_lockfile_SOURCES = tests/unit/check_lockfile.c tests/unit/unit.h
tests_unit_check_lockfile_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_lockfile_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_pool
tests_unit_check_pool_SOURCES = tests/unit/check_pool.c tests/unit/unit.h
tests_unit_check_pool_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_pool_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_proc
tests_unit_check_proc_SOURCES = tests/unit/check_proc.c tests/unit/unit.h
tests_unit_check_proc_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_proc_LDADD = $(BASE_UNIT_LIBS)

unit_tests += tests/unit/check_log
tests_unit_check_log_SOURCES = tests/unit/check_log.c tests/unit/unit.h
tests_unit_check_log_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_log_LDADD = $(BASE_UNIT_LIBS)
