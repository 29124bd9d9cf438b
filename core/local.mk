# One convenience library a layer; each layer's sources stand in its own fragment.
CORE_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(ARCHIVE_CFLAGS) $(ISAL_CFLAGS) $(DEFLATE_CFLAGS) $(ZSTD_CFLAGS)

include core/base/local.mk
include core/stream/local.mk
include core/tree/local.mk
include core/store/local.mk
include core/config/local.mk
include core/plug/local.mk
include core/engine/local.mk
include core/cli/local.mk
include core/post/local.mk

dist_man_MANS += %D%/pabengine-job.5
EXTRA_DIST += %D%/pabengine-job.pod
include_HEADERS += %D%/include/pab_plugin.h
pkgconfig_DATA += %D%/pabengine.pc

# Everything below the CLI, for the program and the tests.
CORE_LIBS = libpab_engine.la libpab_plug.la libpab_config.la libpab_store.la libpab_tree.la libpab_stream.la libpab_base.la \
	$(YAML_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(ARCHIVE_LIBS) $(ISAL_LIBS) $(DEFLATE_LIBS) $(ZSTD_LIBS)

dist_man_MANS += %D%/pabengine.1
EXTRA_DIST += %D%/pabengine.pod
