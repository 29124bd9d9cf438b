# Unit tests of core/base and of the fake host.
BASE_UNIT_LIBS = libpab_base.la $(CHECK_LIBS)

unit_tests += tests/unit/check_fake_host
tests_unit_check_fake_host_SOURCES = tests/unit/check_fake_host.c tests/unit/unit.h
tests_unit_check_fake_host_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_fake_host_LDADD = libpab_fakes.la $(CHECK_LIBS)
