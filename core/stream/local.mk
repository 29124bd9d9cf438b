noinst_LTLIBRARIES += libpab_stream.la
libpab_stream_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_stream_la_SOURCES = \
	%D%/codec.h \
	%D%/hash.h \
	%D%/reader.h \
	%D%/writer.h
