noinst_LTLIBRARIES += libpab_stream.la
libpab_stream_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_stream_la_SOURCES = \
	%D%/block.c \
	%D%/chunk.c \
	%D%/chunk.h \
	%D%/codec.c \
	%D%/codec.h \
	%D%/codec_impl.h \
	%D%/drain.c \
	%D%/ends.c \
	%D%/hash.c \
	%D%/located.c \
	%D%/members.c \
	%D%/reader.c \
	%D%/source.h \
	%D%/streamed.c \
	%D%/hash.h \
	%D%/pack_gzip.c \
	%D%/pack_zstd.c \
	%D%/reader.h \
	%D%/segment.c \
	%D%/slots.c \
	%D%/unpack_gzip.c \
	%D%/unpack_zstd.c \
	%D%/works.c \
	%D%/works.h \
	%D%/writer.c \
	%D%/writer.h
