# unit tests of core/store
unit_tests += tests/unit/check_manifest
tests_unit_check_manifest_SOURCES = tests/unit/check_manifest.c tests/unit/store_fixture.h tests/unit/unit.h
tests_unit_check_manifest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_manifest_LDADD = $(UNIT_LIBS)
