# plugins/volume: Docker volumes, and folders treated as volumes.
if PLUGIN_VOLUME
noinst_LTLIBRARIES += libpab_volume.la
libpab_volume_la_SOURCES = \
	%D%/volume.h %D%/plugin.c %D%/select.c \
	%D%/discover.c %D%/check.c %D%/verify.c \
	%D%/users.c %D%/quiesce.c %D%/undo.c \
	%D%/backup.c %D%/mounted.c %D%/sqlite.c %D%/archived.c %D%/pack.c %D%/tar_filter.c \
	%D%/restore.c %D%/restore_docker.c %D%/restore_folder.c %D%/restore_archive.c %D%/refill.c
libpab_volume_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) $(ARCHIVE_CFLAGS)
pkgplugin_LTLIBRARIES += volume.la
volume_la_SOURCES =
volume_la_LDFLAGS = -module $(plugin_ldflags)
volume_la_LIBADD = libpab_volume.la $(DOCKER_LIBS) $(SQLITE_LIBS) $(ARCHIVE_LIBS)
endif
dist_man_MANS += %D%/pabengine-volume.7
EXTRA_DIST += %D%/pabengine-volume.pod
