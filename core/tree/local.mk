noinst_LTLIBRARIES += libpab_tree.la
libpab_tree_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_tree_la_SOURCES = \
	%D%/acl.c \
	%D%/acl.h \
	%D%/beneath.c \
	%D%/beneath.h \
	%D%/entry.c \
	%D%/entry.h \
	%D%/from_tar.c \
	%D%/index.c \
	%D%/index.h \
	%D%/links.c \
	%D%/links.h \
	%D%/listing.c \
	%D%/listing.h \
	%D%/mtree.c \
	%D%/mtree.h \
	%D%/mtree_parse.c \
	%D%/pax.c \
	%D%/pax.h \
	%D%/pax_records.c \
	%D%/tar.c \
	%D%/tar.h \
	%D%/tar_header.c \
	%D%/tar_header.h \
	%D%/tar_sparse.c \
	%D%/tar_sparse.h \
	%D%/text.h \
	%D%/tree_reader.c \
	%D%/tree_reader.h \
	%D%/tree_writer.c \
	%D%/tree_writer.h \
	%D%/verify.c \
	%D%/walk.c \
	%D%/walk.h \
	%D%/walk_emit.c \
	%D%/walk_large.c \
	%D%/walk_order.c \
	%D%/walk_order.h \
	%D%/walk_read.c \
	%D%/writer.h \
	%D%/xattrs.c
