# the letta plugin, against a scripted server and the fake host
if PLUGIN_LETTA
unit_tests += tests/unit/check_letta tests/unit/check_letta_restore
tests_unit_check_letta_SOURCES = tests/unit/check_letta.c tests/unit/letta_server.h tests/unit/unit.h
tests_unit_check_letta_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_letta_LDADD = libpab_letta.la libpab_fake_http.la libpab_fakes.la $(HTTP_LIBS) $(CHECK_LIBS)
tests_unit_check_letta_restore_SOURCES = tests/unit/check_letta_restore.c tests/unit/letta_server.h tests/unit/unit.h
tests_unit_check_letta_restore_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_letta_restore_LDADD = libpab_letta.la libpab_fake_http.la libpab_fakes.la $(HTTP_LIBS) $(CHECK_LIBS)
unit_tests += tests/unit/check_lines
tests_unit_check_lines_SOURCES = tests/unit/check_lines.c tests/unit/unit.h
tests_unit_check_lines_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_lines_LDADD = libpab_fakes.la $(HTTP_LIBS) $(CHECK_LIBS)
endif
