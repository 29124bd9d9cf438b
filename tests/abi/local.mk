# The plugin interface, frozen: a folder a version, and what holds today's header to it.
EXTRA_DIST += %D%/freeze %D%/declarations.awk %D%/v1.0/pab_plugin.h %D%/v1.0/layout.h %D%/v1.1/pab_plugin.h %D%/v1.1/layout.h %D%/v1.2/pab_plugin.h %D%/v1.2/layout.h
lint_tests += tests/lint/abi.sh %D%/check_lint.sh
if HAVE_CHECK
unit_tests += %D%/check_abi
%C%_check_abi_SOURCES = %D%/check_abi.c tests/unit/unit.h
%C%_check_abi_CPPFLAGS = $(UNIT_CPPFLAGS) $(UNIT_PATHS)
%C%_check_abi_LDADD = libpab_plug.la libpab_config.la libpab_base.la $(YAML_LIBS) $(CHECK_LIBS)
endif
