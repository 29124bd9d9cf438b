noinst_LTLIBRARIES += libpab_engine.la
libpab_engine_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_engine_la_SOURCES =

