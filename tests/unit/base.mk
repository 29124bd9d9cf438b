# unit tests of core/base; add each program as:
#   unit_tests += tests/unit/check_str
#   tests_unit_check_str_SOURCES = tests/unit/check_str.c tests/unit/unit.h
#   tests_unit_check_str_CPPFLAGS = $(UNIT_CPPFLAGS)
#   tests_unit_check_str_LDADD = $(UNIT_LIBS)
