noinst_LTLIBRARIES += libpab_store.la
libpab_store_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_store_la_SOURCES = \
	%D%/chains.c \
	%D%/check_files.c \
	%D%/directory.c %D%/directory.h \
	%D%/kvs.c \
	%D%/list.c \
	%D%/manifest.h \
	%D%/manifest_head.c \
	%D%/manifest_limits.c %D%/manifest_limits.h \
	%D%/manifest_read.c \
	%D%/manifest_write.c \
	%D%/names.c %D%/names.h \
	%D%/pins.c \
	%D%/publish.c \
	%D%/remove.c \
	%D%/restore_md.c %D%/restore_md_pg.c \
	%D%/stage.c \
	%D%/store.h \
	%D%/sums.c
