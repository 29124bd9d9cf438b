# pabengine-survey: what is on this machine, for init and discover --uncovered. A program of its own, since core speaks no Docker.
if USE_DOCKER
pkglibexec_PROGRAMS += pabengine-survey
pabengine_survey_SOURCES = %D%/survey.c %D%/survey.h %D%/containers.c %D%/projects.c %D%/clusters.c
pabengine_survey_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
pabengine_survey_LDADD = $(DOCKER_LIBS)
endif
