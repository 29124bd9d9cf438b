# unit tests of core/engine
unit_tests += tests/unit/check_engine
tests_unit_check_engine_SOURCES = tests/unit/check_engine.c tests/unit/unit.h
tests_unit_check_engine_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_engine_LDADD = $(UNIT_LIBS)
