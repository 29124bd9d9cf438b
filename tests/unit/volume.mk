# HTTP, the Docker client and the volume plugin, against a scripted server and the fake host
if USE_DOCKER
unit_tests += tests/unit/check_http
tests_unit_check_http_SOURCES = tests/unit/check_http.c tests/unit/unit.h
tests_unit_check_http_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_http_LDADD = libpab_fakes.la $(DOCKER_LIBS) $(CHECK_LIBS)
endif
