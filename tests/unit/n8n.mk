# the n8n plugin, against an n8n in memory and the fake host
if PLUGIN_N8N
unit_tests += tests/unit/check_n8n_text tests/unit/check_n8n_backup tests/unit/check_n8n_restore tests/unit/check_n8n_faults
N8N_TEST_LIBS = libpab_fake_http.la libpab_fakes.la $(DOCKER_LIBS) $(ARCHIVE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_check_n8n_text_SOURCES = tests/unit/check_n8n_text.c tests/unit/unit.h
tests_unit_check_n8n_text_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_n8n_text_LDADD = libpab_n8n.la $(N8N_TEST_LIBS)
tests_unit_check_n8n_backup_SOURCES = tests/unit/check_n8n_backup.c tests/unit/n8n_fixture.h tests/unit/unit.h
tests_unit_check_n8n_backup_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_n8n_backup_LDADD = libpab_n8n.la $(N8N_TEST_LIBS)
tests_unit_check_n8n_restore_SOURCES = tests/unit/check_n8n_restore.c tests/unit/n8n_fixture.h tests/unit/unit.h
tests_unit_check_n8n_restore_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_n8n_restore_LDADD = libpab_n8n.la $(N8N_TEST_LIBS)
tests_unit_check_n8n_faults_SOURCES = tests/unit/check_n8n_faults.c tests/unit/n8n_fixture.h tests/unit/unit.h
tests_unit_check_n8n_faults_CPPFLAGS = $(UNIT_CPPFLAGS) $(CURL_CFLAGS)
tests_unit_check_n8n_faults_LDADD = libpab_n8n.la $(N8N_TEST_LIBS)
endif
