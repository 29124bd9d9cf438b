# unit tests of core/engine
unit_tests += tests/unit/check_engine
tests_unit_check_engine_SOURCES = tests/unit/check_engine.c tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_engine_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_engine
tests_unit_check_engine_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_events
tests_unit_check_events_SOURCES = tests/unit/check_events.c core/cli/progress.c tests/unit/unit.h
tests_unit_check_events_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_events_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_conformance
tests_unit_check_conformance_SOURCES = tests/unit/check_conformance.c tests/unit/unit.h
tests_unit_check_conformance_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_conformance
tests_unit_check_conformance_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_damage
tests_unit_check_damage_SOURCES = tests/unit/check_damage.c tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_damage_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_damage
tests_unit_check_damage_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_journal
tests_unit_check_journal_SOURCES = tests/unit/check_journal.c tests/unit/unit.h
tests_unit_check_journal_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_journal
tests_unit_check_journal_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_scratch
tests_unit_check_scratch_SOURCES = tests/unit/check_scratch.c tests/unit/unit.h
tests_unit_check_scratch_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_scratch_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_order
tests_unit_check_order_SOURCES = tests/unit/check_order.c tests/unit/unit.h
tests_unit_check_order_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_order_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_retention
tests_unit_check_retention_SOURCES = tests/unit/check_retention.c tests/unit/retention_fixture.h tests/unit/unit.h
tests_unit_check_retention_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_retention_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_retention_clock
tests_unit_check_retention_clock_SOURCES = tests/unit/check_retention_clock.c tests/unit/retention_fixture.h tests/unit/unit.h
tests_unit_check_retention_clock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_retention_clock_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_incremental
tests_unit_check_incremental_SOURCES = tests/unit/check_incremental.c tests/unit/engine_fixture.h tests/unit/unit.h
tests_unit_check_incremental_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
file_tests += tests/unit/check_incremental
tests_unit_check_incremental_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_status
tests_unit_check_status_SOURCES = tests/unit/check_status.c tests/unit/unit.h
tests_unit_check_status_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_status_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_schedule
tests_unit_check_schedule_SOURCES = tests/unit/check_schedule.c tests/unit/unit.h
tests_unit_check_schedule_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_schedule_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_init
tests_unit_check_init_SOURCES = tests/unit/check_init.c tests/unit/machine_fixture.h tests/unit/unit.h
tests_unit_check_init_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_init_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_uncovered
tests_unit_check_uncovered_SOURCES = tests/unit/check_uncovered.c tests/unit/machine_fixture.h tests/unit/unit.h
tests_unit_check_uncovered_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_uncovered_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_trial
tests_unit_check_trial_SOURCES = tests/unit/check_trial.c tests/unit/unit.h
tests_unit_check_trial_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_trial_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_report
tests_unit_check_report_SOURCES = tests/unit/check_report.c tests/unit/unit.h
tests_unit_check_report_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_report_LDADD = $(UNIT_LIBS)
