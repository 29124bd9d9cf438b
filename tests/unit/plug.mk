# unit tests of core/plug
unit_tests += tests/unit/check_host
tests_unit_check_host_SOURCES = tests/unit/check_host.c tests/unit/unit.h
tests_unit_check_host_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_host_LDADD = libpab_plug.la libpab_config.la libpab_base.la $(YAML_LIBS) $(CHECK_LIBS)

unit_tests += tests/unit/check_load
tests_unit_check_load_SOURCES = tests/unit/check_load.c tests/unit/unit.h
tests_unit_check_load_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_load
tests_unit_check_load_LDADD = libpab_plug.la libpab_config.la libpab_base.la $(YAML_LIBS) $(CHECK_LIBS)

unit_tests += tests/unit/check_host_threads
tests_unit_check_host_threads_SOURCES = tests/unit/check_host_threads.c tests/unit/unit.h
tests_unit_check_host_threads_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_host_threads_LDADD = libpab_plug.la libpab_config.la libpab_base.la $(YAML_LIBS) $(CHECK_LIBS)
