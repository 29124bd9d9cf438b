# the neo4j plugin, against a fake Neo4j and the fake host
if PLUGIN_NEO4J
check_LTLIBRARIES += libpab_fake_neo4j.la
libpab_fake_neo4j_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libpab_fake_neo4j_la_SOURCES = tests/fakes/neo4j.c tests/fakes/neo4j.h

unit_tests += tests/unit/check_neo4j tests/unit/check_neo4j_faults tests/unit/check_neo4j_stopped
NEO4J_TEST_LIBS = libpab_fake_neo4j.la libpab_fake_docker.la libpab_fake_http.la libpab_fakes.la $(DOCKER_LIBS) $(CRYPTO_LIBS) $(ARCHIVE_LIBS) $(CHECK_LIBS)
tests_unit_check_neo4j_SOURCES = tests/unit/check_neo4j.c tests/unit/neo4j_fixture.h tests/unit/unit.h
tests_unit_check_neo4j_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_check_neo4j_LDADD = libpab_neo4j.la $(NEO4J_TEST_LIBS)
tests_unit_check_neo4j_faults_SOURCES = tests/unit/check_neo4j_faults.c tests/unit/neo4j_fixture.h tests/unit/unit.h
tests_unit_check_neo4j_faults_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_check_neo4j_faults_LDADD = libpab_neo4j.la $(NEO4J_TEST_LIBS)
tests_unit_check_neo4j_stopped_SOURCES = tests/unit/check_neo4j_stopped.c tests/unit/neo4j_fixture.h tests/unit/unit.h
tests_unit_check_neo4j_stopped_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_check_neo4j_stopped_LDADD = libpab_neo4j.la $(NEO4J_TEST_LIBS)
endif
