# unit tests of what happens around a run
unit_tests += tests/unit/check_hooks
tests_unit_check_hooks_SOURCES = tests/unit/check_hooks.c tests/unit/around_fixture.h tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_hooks_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_hooks
tests_unit_check_hooks_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_metrics
tests_unit_check_metrics_SOURCES = tests/unit/check_metrics.c tests/unit/around_fixture.h tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_metrics_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_metrics
tests_unit_check_metrics_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_outcome
tests_unit_check_outcome_SOURCES = tests/unit/check_outcome.c tests/unit/unit.h
tests_unit_check_outcome_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_outcome_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_template
tests_unit_check_template_SOURCES = tests/unit/check_template.c tests/unit/unit.h
tests_unit_check_template_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_template_LDADD = $(UNIT_LIBS)

# the program that speaks HTTP runs for real, against a scripted server
if NOTIFY_HTTP
unit_tests += tests/unit/check_notify
tests_unit_check_notify_SOURCES = tests/unit/check_notify.c tests/fakes/http.c tests/fakes/http.h tests/unit/around_fixture.h tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_notify_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_notify
tests_unit_check_notify_LDADD = $(UNIT_LIBS)
EXTRA_tests_unit_check_notify_DEPENDENCIES = pabengine-post
endif
