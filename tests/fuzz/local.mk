# Fuzz harnesses; `make check` replays their seeds (see replay.h).
check_PROGRAMS += tests/fuzz/replay_yaml
TESTS += tests/fuzz/replay_yaml
tests_fuzz_replay_yaml_SOURCES = tests/fuzz/fuzz_yaml.c tests/fuzz/replay.c tests/fuzz/replay.h
tests_fuzz_replay_yaml_CPPFLAGS = $(CORE_CPPFLAGS) -DREPLAY_SEEDS=\"$(abs_top_srcdir)/tests/fuzz/seeds/yaml\"
tests_fuzz_replay_yaml_LDADD = $(CORE_LIBS)

check_PROGRAMS += tests/fuzz/replay_manifest
TESTS += tests/fuzz/replay_manifest
tests_fuzz_replay_manifest_SOURCES = tests/fuzz/fuzz_manifest.c tests/fuzz/replay.c tests/fuzz/replay.h
tests_fuzz_replay_manifest_CPPFLAGS = $(CORE_CPPFLAGS) -DREPLAY_SEEDS=\"$(abs_top_srcdir)/tests/fuzz/seeds/manifest\"
tests_fuzz_replay_manifest_LDADD = $(CORE_LIBS)

EXTRA_DIST += tests/fuzz/seeds
