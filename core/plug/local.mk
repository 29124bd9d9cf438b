noinst_LTLIBRARIES += libpab_plug.la
libpab_plug_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_plug_la_SOURCES =

