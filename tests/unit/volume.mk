# The Docker client and the volume plugin, against a scripted server and the fake host
if USE_DOCKER
check_LTLIBRARIES += libpab_fake_docker.la
libpab_fake_docker_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libpab_fake_docker_la_SOURCES = tests/fakes/docker.c tests/fakes/docker.h
libpab_fake_docker_la_LIBADD = libpab_fake_http.la $(JANSSON_LIBS)

unit_tests += tests/unit/check_docker
tests_unit_check_docker_SOURCES = tests/unit/check_docker.c tests/unit/unit.h
tests_unit_check_docker_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_docker_LDADD = libpab_fake_docker.la $(DOCKER_LIBS) $(CHECK_LIBS)
endif

if PLUGIN_VOLUME
unit_tests += tests/unit/check_volume tests/unit/check_volume_data tests/unit/check_tar_filter
VOLUME_TEST_LIBS = libpab_fake_docker.la libpab_fakes.la $(DOCKER_LIBS) $(SQLITE_LIBS) $(ARCHIVE_LIBS) $(CHECK_LIBS)
tests_unit_check_volume_SOURCES = tests/unit/check_volume.c tests/unit/volume_fixture.h tests/unit/unit.h
tests_unit_check_volume_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_check_volume_LDADD = libpab_volume.la $(VOLUME_TEST_LIBS)
tests_unit_check_volume_data_SOURCES = tests/unit/check_volume_data.c tests/unit/volume_fixture.h tests/unit/unit.h
tests_unit_check_volume_data_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_check_volume_data_LDADD = libpab_volume.la $(VOLUME_TEST_LIBS)
tests_unit_check_tar_filter_SOURCES = tests/unit/check_tar_filter.c tests/unit/unit.h
tests_unit_check_tar_filter_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_tar_filter_LDADD = libpab_volume.la $(VOLUME_TEST_LIBS)
endif
