# What speaks HTTP for notifications: a program of its own, so that neither libcurl's start nor anything it hangs in is the engine's.
if NOTIFY_HTTP
pkglibexec_PROGRAMS += pabengine-post
pabengine_post_SOURCES = %D%/post.c
pabengine_post_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
pabengine_post_LDADD = libpab_plain.la $(CURL_LIBS)
endif
