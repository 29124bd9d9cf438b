# unit tests of what happens around a run
unit_tests += tests/unit/check_hooks
tests_unit_check_hooks_SOURCES = tests/unit/check_hooks.c tests/unit/around_fixture.h tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_hooks_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_hooks_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_metrics
tests_unit_check_metrics_SOURCES = tests/unit/check_metrics.c tests/unit/around_fixture.h tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_metrics_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_metrics_LDADD = $(UNIT_LIBS)
