bin_PROGRAMS += pabengine
pabengine_SOURCES = \
	%D%/args.c \
	%D%/cli.h \
	%D%/cmd_cleanup.c \
	%D%/cmd_discover.c \
	%D%/cmd_init.c \
	%D%/cmd_list.c \
	%D%/cmd_pin.c \
	%D%/cmd_plugin.c \
	%D%/cmd_report.c \
	%D%/cmd_restore.c \
	%D%/cmd_run.c \
	%D%/cmd_scripts.c \
	%D%/cmd_status.c \
	%D%/cmd_schedule.c \
	%D%/cmd_verify.c \
	%D%/common.c \
	%D%/list_tree.c %D%/list_tree.h \
	%D%/main.c \
	%D%/plugin_info.c %D%/plugin_info.h \
	%D%/print_json.c \
	%D%/print_text.c \
	%D%/printer.c %D%/printer.h \
	%D%/progress.c \
	%D%/schedule_status.c
pabengine_CPPFLAGS = $(CORE_CPPFLAGS) -DPAB_PLUGINDIR=\"$(plugindir)\" -DPAB_SYSCONFDIR=\"$(sysconfdir)\" -DPAB_LOCALSTATEDIR=\"$(localstatedir)\" -DPAB_SCRIPTSDIR=\"$(pkglibexecdir)/scripts\"
pabengine_LDADD = $(CORE_LIBS)
