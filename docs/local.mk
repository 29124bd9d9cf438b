dist_doc_DATA += %D%/plugin-tutorial.md
EXTRA_DIST += %D%/tutorial/hello.c
dist_man_MANS += core/pab_plugin.3
EXTRA_DIST += core/pab_plugin.pod
