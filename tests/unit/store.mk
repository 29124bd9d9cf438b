# unit tests of core/store
unit_tests += tests/unit/check_manifest
tests_unit_check_manifest_SOURCES = tests/unit/check_manifest.c tests/unit/store_fixture.h tests/unit/unit.h
tests_unit_check_manifest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_manifest_LDADD = $(UNIT_LIBS)
unit_tests += tests/unit/check_stage
tests_unit_check_stage_SOURCES = tests/unit/check_stage.c tests/unit/store_fixture.h tests/unit/unit.h
tests_unit_check_stage_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_stage_LDADD = $(UNIT_LIBS)
unit_tests += tests/unit/check_store
tests_unit_check_store_SOURCES = tests/unit/check_store.c tests/unit/store_fixture.h tests/unit/unit.h
tests_unit_check_store_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_store_LDADD = $(UNIT_LIBS)
unit_tests += tests/unit/check_list
tests_unit_check_list_SOURCES = tests/unit/check_list.c tests/unit/store_fixture.h tests/unit/unit.h
tests_unit_check_list_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_list_LDADD = $(UNIT_LIBS)
