
# A plugin that does what its options say, for the engine's tests.
check_LTLIBRARIES += tests/plugins/scripted.la
tests_plugins_scripted_la_SOURCES = tests/plugins/scripted.c
tests_plugins_scripted_la_LDFLAGS = -module $(plugin_ldflags) -rpath /nowhere
