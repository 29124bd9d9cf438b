unit_tests += tests/unit/check_node
tests_unit_check_node_SOURCES = tests/unit/check_node.c tests/unit/unit.h
tests_unit_check_node_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_node_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_options
tests_unit_check_options_SOURCES = tests/unit/check_options.c tests/unit/config_fixture.h tests/unit/unit.h
tests_unit_check_options_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_options_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_secretref
tests_unit_check_secretref_SOURCES = tests/unit/check_secretref.c tests/unit/config_fixture.h tests/unit/unit.h
tests_unit_check_secretref_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_secretref_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_envfile
tests_unit_check_envfile_SOURCES = tests/unit/check_envfile.c tests/unit/unit.h
tests_unit_check_envfile_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_envfile_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_job
tests_unit_check_job_SOURCES = tests/unit/check_job.c tests/unit/config_fixture.h tests/unit/unit.h
tests_unit_check_job_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_job_LDADD = $(UNIT_LIBS)

# the examples are checked against the option tables of the plugins of this build
unit_tests += tests/unit/check_examples
tests_unit_check_examples_SOURCES = tests/unit/check_examples.c tests/unit/config_fixture.h tests/unit/machine_fixture.h tests/unit/unit.h
tests_unit_check_examples_CPPFLAGS = $(UNIT_CPPFLAGS) -DTEST_PLUGINS='"$(pkgplugin_LTLIBRARIES:.la=)"' $(UNIT_PATHS)
file_tests += tests/unit/check_examples
tests_unit_check_examples_LDADD = $(UNIT_LIBS)
EXTRA_tests_unit_check_examples_DEPENDENCIES = $(pkgplugin_LTLIBRARIES)
