/* unit.h - the main() that every Check program shares:
 *
 *     START_TEST(splits_at_commas) { ... } END_TEST
 *     UNIT_MAIN("str", splits_at_commas, rejects_empty)
 *
 * Prints Check's own summary; exit status 0 only when every test passed.
 * CK_FORK=no runs them in one process (valgrind, sanitizers, gdb).
 */
#ifndef PAB_TESTS_UNIT_H
#define PAB_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* Under valgrind, which make check-valgrind says, everything takes forty times as long: tests of sheer amounts take fewer there. */
static inline int unit_is_slow(void) { return getenv("PABENGINE_TEST_SLOW") != NULL; }

#define UNIT_MAIN(suite_name, ...)                                                       \
    int main(void)                                                                 \
    {                                                                              \
        const TTest *const list[] = { __VA_ARGS__ };                               \
        Suite *suite = suite_create(suite_name);                                         \
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) {                  \
            TCase *tc = tcase_create(list[i]->name);                               \
            tcase_set_timeout(tc, 120);                                            \
            tcase_add_test(tc, list[i]);                                           \
            suite_add_tcase(suite, tc);                                            \
        }                                                                          \
        SRunner *runner = srunner_create(suite);                                   \
        srunner_run_all(runner, CK_ENV);                                           \
        int failed = srunner_ntests_failed(runner);                                \
        srunner_free(runner);                                                      \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;                               \
    }

#endif
