# What several plugins share: static, linked into each plugin with hidden symbols.
# May use the stateless modules of core/base (see tests/lint/layers.sh), nothing else of core.
noinst_LTLIBRARIES += libpab_support.la
libpab_support_la_CPPFLAGS = $(AM_CPPFLAGS)
libpab_support_la_SOURCES = \
	%D%/support.c %D%/support.h %D%/info.c %D%/info.h %D%/kept.c %D%/kept.h %D%/place.c %D%/place.h
libpab_support_la_LIBADD = libpab_plain.la

# HTTP and JSON: only for the plugins that say HTTP_LIBS, since they draw in libcurl and jansson.
if USE_HTTP
noinst_LTLIBRARIES += libpab_http.la
libpab_http_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
libpab_http_la_SOURCES = \
	%D%/http.c %D%/http_stream.c %D%/http.h %D%/http_private.h \
	%D%/json.c %D%/json.h \
	%D%/lines.c %D%/lines.h \
	%D%/jsonscan.c %D%/jsonscan_text.c %D%/jsonscan.h %D%/jsonscan_private.h \
	%D%/rest.c %D%/rest_answer.c %D%/rest_body.c %D%/rest.h %D%/rest_private.h
HTTP_LIBS = libpab_http.la libpab_support.la $(CURL_LIBS) $(JANSSON_LIBS)
endif

# The Docker Engine.
if USE_DOCKER
noinst_LTLIBRARIES += libpab_docker.la
libpab_docker_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
libpab_docker_la_SOURCES = \
	%D%/docker.c %D%/docker_endpoint.c %D%/docker_objects.c %D%/docker_archive.c %D%/docker_exec.c %D%/docker.h %D%/docker_private.h \
	%D%/docker_rest.c %D%/docker_rest.h
DOCKER_LIBS = libpab_docker.la $(HTTP_LIBS)
endif

# Each plugin says: NAME_la_LDFLAGS = -module $(plugin_ldflags)   (automake reads the word -module)
plugin_ldflags = $(AM_LDFLAGS) -avoid-version -shared -export-symbols-regex "^pab_plugin_init$$" -Wl,-z,defs
