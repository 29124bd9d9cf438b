# Plugins for tests; see the head of each. Built below tests/plugins/.libs as NAME.so.
test_plugin_ldflags = $(plugin_ldflags) -rpath /nowhere

# does what its options say, for the engine's tests
check_LTLIBRARIES += %D%/scripted.la
%C%_scripted_la_SOURCES = %D%/scripted.c
%C%_scripted_la_LDFLAGS = -module $(test_plugin_ldflags)
# the same, but its objects stand alone
check_LTLIBRARIES += %D%/standalone.la
%C%_standalone_la_SOURCES = %D%/scripted.c
%C%_standalone_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_PLUGIN_NAME='"standalone"' -DTEST_PLUGIN_CAPS=PAB_CAP_WHOLE_OBJECTS
%C%_standalone_la_LDFLAGS = -module $(test_plugin_ldflags)

# fit for this host: as they should be, and of another age
check_LTLIBRARIES += %D%/ok.la %D%/frozen-1-0.la %D%/old.la %D%/newer.la
%C%_ok_la_SOURCES = %D%/ok.c %D%/plain.h
%C%_ok_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_frozen_1_0_la_SOURCES = %D%/ok.c %D%/plain.h
%C%_frozen_1_0_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_PLUGIN_NAME='"frozen-1-0"' -DTEST_PLUGIN_HEADER='"tests/abi/v1.0/pab_plugin.h"'
%C%_frozen_1_0_la_CFLAGS = $(AM_CFLAGS) -std=c11 -pedantic-errors
%C%_frozen_1_0_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_old_la_SOURCES = %D%/old.c %D%/plain.h
%C%_old_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_newer_la_SOURCES = %D%/newer.c %D%/plain.h
%C%_newer_la_LDFLAGS = -module $(test_plugin_ldflags)

# in C++: the newest that we promise, and the oldest; never with sanitizers, whose libraries libtool does not link here
cxx_flags = -Wall -Wextra -Werror -fvisibility=hidden -pthread
check_LTLIBRARIES += %D%/cxx.la %D%/cxx11.la
%C%_cxx_la_SOURCES = %D%/cxx.cc
%C%_cxx_la_CXXFLAGS = -std=c++17 $(cxx_flags)
%C%_cxx_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_cxx11_la_SOURCES = %D%/cxx.cc
%C%_cxx11_la_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_PLUGIN_NAME='"cxx11"'
%C%_cxx11_la_CXXFLAGS = -std=c++11 -pedantic-errors $(cxx_flags)
%C%_cxx11_la_LDFLAGS = -module $(test_plugin_ldflags)

# not fit
check_LTLIBRARIES += %D%/faulty.la %D%/needs-newer.la %D%/wrong-major.la %D%/no-symbol.la %D%/unresolved.la
%C%_faulty_la_SOURCES = %D%/faulty.c %D%/plain.h
%C%_faulty_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_needs_newer_la_SOURCES = %D%/needs_newer.c %D%/plain.h
%C%_needs_newer_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_wrong_major_la_SOURCES = %D%/wrong_major.c
%C%_wrong_major_la_LDFLAGS = -module $(test_plugin_ldflags)
%C%_no_symbol_la_SOURCES = %D%/no_symbol.c
%C%_no_symbol_la_LDFLAGS = -module $(AM_LDFLAGS) -avoid-version -shared -rpath /nowhere
%C%_unresolved_la_SOURCES = %D%/unresolved.c
%C%_unresolved_la_LDFLAGS = -module $(AM_LDFLAGS) -avoid-version -shared -rpath /nowhere
