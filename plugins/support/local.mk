# What several plugins share: static, linked into each plugin with hidden symbols.
# May use the stateless modules of core/base (see tests/lint/layers.sh), nothing else of core.
noinst_LTLIBRARIES += libpab_support.la
libpab_support_la_CPPFLAGS = $(AM_CPPFLAGS)
libpab_support_la_SOURCES = \
	%D%/support.c %D%/support.h
libpab_support_la_LIBADD = libpab_plain.la

# Each plugin says: NAME_la_LDFLAGS = -module $(plugin_ldflags)   (automake reads the word -module)
plugin_ldflags = $(AM_LDFLAGS) -avoid-version -shared -export-symbols-regex "^pab_plugin_init$$" -Wl,-z,defs
