# unit tests of plugins/files
if PLUGIN_FILES
unit_tests += tests/unit/check_files
tests_unit_check_files_SOURCES = tests/unit/check_files.c tests/unit/unit.h
tests_unit_check_files_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_files_LDADD = libpab_files.la libpab_config.la libpab_support.la libpab_base.la $(YAML_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
