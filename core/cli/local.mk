bin_PROGRAMS += pabengine
pabengine_SOURCES = \
	%D%/main.c
pabengine_CPPFLAGS = $(CORE_CPPFLAGS) -DPAB_PLUGINDIR=\"$(plugindir)\" -DPAB_SYSCONFDIR=\"$(sysconfdir)\" -DPAB_LOCALSTATEDIR=\"$(localstatedir)\"
pabengine_LDADD = $(CORE_LIBS)
