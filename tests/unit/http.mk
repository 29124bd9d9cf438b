# HTTP, JSON and services that speak both, against a scripted server
if USE_HTTP
check_LTLIBRARIES += libpab_fake_http.la
libpab_fake_http_la_CPPFLAGS = $(AM_CPPFLAGS)
libpab_fake_http_la_SOURCES = tests/fakes/http.c tests/fakes/http.h

unit_tests += tests/unit/check_http tests/unit/check_jsonscan tests/unit/check_rest
tests_unit_check_http_SOURCES = tests/unit/check_http.c tests/unit/unit.h
tests_unit_check_http_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_http_LDADD = libpab_fake_http.la $(HTTP_LIBS) $(CHECK_LIBS)
tests_unit_check_jsonscan_SOURCES = tests/unit/check_jsonscan.c tests/unit/unit.h
tests_unit_check_jsonscan_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_jsonscan_LDADD = $(HTTP_LIBS) $(CHECK_LIBS)
tests_unit_check_rest_SOURCES = tests/unit/check_rest.c tests/unit/unit.h
tests_unit_check_rest_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_rest_LDADD = libpab_fake_http.la libpab_fakes.la $(HTTP_LIBS) $(CHECK_LIBS)
endif
