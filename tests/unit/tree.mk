unit_tests += tests/unit/check_tree
tests_unit_check_tree_SOURCES = tests/unit/check_tree.c tests/unit/tree_fixture.h tests/unit/unit.h
tests_unit_check_tree_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_tree_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_tree_hostile
tests_unit_check_tree_hostile_SOURCES = tests/unit/check_tree_hostile.c tests/unit/tree_fixture.h tests/unit/unit.h
tests_unit_check_tree_hostile_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_tree_hostile_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_tree_chain
tests_unit_check_tree_chain_SOURCES = tests/unit/check_tree_chain.c tests/unit/tree_fixture.h tests/unit/unit.h
tests_unit_check_tree_chain_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_tree_chain_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/check_base
tests_unit_check_base_SOURCES = tests/unit/check_base.c tests/unit/tree_fixture.h tests/unit/unit.h
tests_unit_check_base_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_check_base_LDADD = $(UNIT_LIBS)
