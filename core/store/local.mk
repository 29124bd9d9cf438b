noinst_LTLIBRARIES += libpab_store.la
libpab_store_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_store_la_SOURCES = \
	%D%/manifest.h \
	%D%/store.h
