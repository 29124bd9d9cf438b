noinst_LTLIBRARIES += libpab_tree.la
libpab_tree_la_CPPFLAGS = $(CORE_CPPFLAGS)
libpab_tree_la_SOURCES = \
	%D%/tree_reader.h \
	%D%/tree_writer.h
