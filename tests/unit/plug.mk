# unit tests of core/plug
unit_tests += tests/unit/check_host
tests_unit_check_host_SOURCES = tests/unit/check_host.c tests/unit/unit.h
tests_unit_check_host_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_host_LDADD = libpab_plug.la libpab_config.la libpab_base.la $(YAML_LIBS) $(CHECK_LIBS)
