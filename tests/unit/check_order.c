/* check_order.c - the order of the targets of a run. */
#include "core/engine/order.h"
#include "core/plug/load.h"
#include "tests/unit/unit.h"

static const struct pab_job_target targets[8];

static struct pab_instance of(const struct pab_loaded *plugin, int n) { return (struct pab_instance){ .plugin = plugin, .target = &targets[n] }; }

START_TEST(databases_services_volumes_and_configuration_follow_each_other)
{
    const struct pab_loaded database = { .p.categories = PAB_CAT_DATABASES | PAB_CAT_VOLUMES }, service = { .p.categories = PAB_CAT_SERVICES },
                            volume = { .p.categories = PAB_CAT_VOLUMES }, config = { .p.categories = PAB_CAT_CONFIG }, any = { .p.categories = 0 };
    struct pab_instance list[] = { of(&config, 0), of(&volume, 1), of(&service, 2), of(&database, 3), of(&any, 4) };
    pab_order_targets(list, 5);
    static const int wanted[] = { 3, 4, 2, 1, 0 };
    for (size_t i = 0; i < 5; i++) ck_assert_ptr_eq(list[i].target, &targets[wanted[i]]);
}
END_TEST

START_TEST(targets_of_one_category_keep_the_order_of_the_job)
{
    const struct pab_loaded service = { .p.categories = PAB_CAT_SERVICES }, volume = { .p.categories = PAB_CAT_VOLUMES };
    struct pab_instance list[] = { of(&volume, 0), of(&service, 1), of(&volume, 2), of(&service, 3), of(&volume, 4) };
    pab_order_targets(list, 5);
    static const int wanted[] = { 1, 3, 0, 2, 4 };
    for (size_t i = 0; i < 5; i++) ck_assert_ptr_eq(list[i].target, &targets[wanted[i]]);
    pab_order_targets(NULL, 0);
}
END_TEST

UNIT_MAIN("order", databases_services_volumes_and_configuration_follow_each_other, targets_of_one_category_keep_the_order_of_the_job)
