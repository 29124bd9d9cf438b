unit_tests += tests/unit/check_stream
tests_unit_check_stream_SOURCES = tests/unit/check_stream.c tests/unit/unit.h
tests_unit_check_stream_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_stream_LDADD = $(UNIT_LIBS)
