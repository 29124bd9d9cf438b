# plugins/files: named sets of files and folders under a root.
if PLUGIN_FILES
noinst_LTLIBRARIES += libpab_files.la
libpab_files_la_SOURCES = \
	%D%/files.h \
	%D%/plugin.c \
	%D%/scan.c \
	%D%/diff.c \
	%D%/check.c \
	%D%/discover.c \
	%D%/backup.c \
	%D%/restore.c \
	%D%/verify.c
libpab_files_la_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
pkgplugin_LTLIBRARIES += files.la
files_la_SOURCES =
files_la_LDFLAGS = -module $(plugin_ldflags)
files_la_LIBADD = libpab_files.la libpab_support.la $(CRYPTO_LIBS)
endif
dist_man_MANS += %D%/pabengine-files.7
EXTRA_DIST += %D%/pabengine-files.pod
