# Unit tests: one Check program a module, tests/unit/check_<module>.c; a fragment a layer.
UNIT_CPPFLAGS = $(CORE_CPPFLAGS) $(CHECK_CFLAGS)
# for the few that look for files (the others compile to the same in every folder)
UNIT_PATHS = -DTEST_SRCDIR=\"$(abs_top_srcdir)\" -DTEST_BUILDDIR=\"$(abs_top_builddir)\"
UNIT_LIBS = $(CORE_LIBS) $(CHECK_LIBS)
unit_tests =
file_tests =

if HAVE_CHECK
include tests/unit/base.mk
include tests/unit/config.mk
include tests/unit/stream.mk
include tests/unit/tree.mk
include tests/unit/store.mk
include tests/unit/plug.mk
include tests/unit/engine.mk
include tests/unit/around.mk
include tests/unit/postgres.mk
include tests/unit/http.mk
include tests/unit/volume.mk
include tests/unit/n8n.mk
include tests/unit/letta.mk
include tests/unit/files.mk
include tests/unit/neo4j.mk
endif
include tests/fakes/local.mk
include tests/plugins/local.mk
include tests/fuzz/local.mk

lint_tests = tests/lint/layers.sh tests/lint/banned.sh tests/lint/sizes.sh tests/lint/docs.sh
include tests/abi/local.mk
EXTRA_DIST += $(lint_tests) tests/run tests/quickstart tests/packages.sh tests/bench tests/services tests/integration .ci/run
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests) $(lint_tests)
AM_TESTS_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)'; export top_srcdir; top_builddir='$(abs_top_builddir)'; export top_builddir; \
	PABENGINE_PLUGIN_PATH='$(abs_top_builddir)/.libs'; export PABENGINE_PLUGIN_PATH; \
	PABENGINE_CONFIG=; export PABENGINE_CONFIG; \
	ASAN_OPTIONS='detect_leaks=1'; export ASAN_OPTIONS;

# The unit tests alone; the same under valgrind; the tests against real servers; a release that is built elsewhere, with the tests that
# look for files, since the others do the same there as in `make check` (tests/run does all of it).
.PHONY: check-unit check-valgrind check-integration distcheck-files
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
# Smaller stacks: valgrind marks the whole of one with each thread that begins and ends.
check-valgrind:
	ulimit -s 1024; CK_FORK=no PABENGINE_TEST_SLOW=yes $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)' \
	    LOG_COMPILER='$(LIBTOOL) --quiet --mode=execute valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'
check-integration:
	$(top_srcdir)/tests/run --again integration
distcheck-files:
	$(MAKE) $(AM_MAKEFLAGS) distcheck TESTS='$(lint_tests) $(file_tests)'
