/* check_neo4j.c - the neo4j plugin's round trip against a fake server, and what a damaged backup is told to be. */
#include "tests/unit/neo4j_fixture.h"

/* ---- backup */

START_TEST(a_graph_becomes_lines_that_say_it_all)
{
    begin_small();
    backup_well();
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_graph");
    ck_assert_int_eq(a->state, FAKE_COMMITTED);
    ck_assert(pab_str_has_prefix(a->data.bytes, "{\"format\":\"pabengine-neo4j-graph\",\"version\":1,\"server\":\"5.26.0\",\"database\":\"neo4j\"}\n"
        "{\"n\":0,\"l\":[\"Admin\",\"Person\"],\"p\":{\"age\":{\"$type\":\"Integer\",\"_value\":\"9223372036854775807\"},\"name\":" STRING("Ada") "}}\n"));
    ck_assert_ptr_nonnull(strstr(a->data.bytes, "{\"r\":3,\"s\":0,\"e\":1,\"t\":\"KNOWS\",\"p\":{\"since\":{\"$type\":\"Date\",\"_value\":\"2020-02-29\"}}}\n"));
    ck_assert_ptr_nonnull(strstr(a->data.bytes, "{\"nodes\":3,\"relationships\":3,\"labels\":{"));
    ck_assert_str_eq(fake_value(&a->counts, "nodes"), "3");
    ck_assert_str_eq(fake_value(&a->counts, "label Person"), "2");
    ck_assert_str_eq(fake_value(&a->counts, "type KNOWS"), "2");
    ck_assert_str_eq(fake_value(&a->facts, "consistency"), "not a point in time");
    ck_assert_str_eq(fake_value(&it.host->facts, "server"), "5.26.0");
    end();
}
END_TEST

START_TEST(constraints_stand_before_indexes)
{
    begin_small();
    backup_well();
    const char *text = fake_artifact_named(it.host, "neo4j_schema")->data.bytes;
    const char *constraint = strstr(text, "CREATE CONSTRAINT `one_name` FOR (n:`Person`) REQUIRE (n.`name`) IS UNIQUE;\n");
    ck_assert_ptr_nonnull(constraint);
    ck_assert_ptr_nonnull(strstr(constraint, "CREATE RANGE INDEX"));
    end();
}
END_TEST

START_TEST(a_graph_that_moves_is_read_once_more)
{
    begin_small();
    fake_neo4j_say(it.server, "count(n)", 1, (struct fake_answer){ .status = 202, .body = "{\"data\":{\"values\":[[2]]}}" });
    backup_well();
    ck_assert_uint_eq(it.host->artifact_count, 3);
    ck_assert_int_eq(it.host->artifacts[0]->state, FAKE_ABORTED);
    ck_assert_int_eq(it.host->artifacts[1]->state, FAKE_COMMITTED);
    end();
}
END_TEST

START_TEST(a_graph_that_never_rests_is_kept_with_a_warning)
{
    begin_small();
    it.server->grows = 1;
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(state_of("neo4j_graph"), FAKE_COMMITTED);
    ck_assert(fake_has_text(&it.host->warnings, "not of one moment"));
    ck_assert_int_eq(verify(), PAB_OK);
    end();
}
END_TEST

START_TEST(a_relationship_to_a_node_that_came_later_is_left_out_and_told)
{
    begin_small();
    fake_neo4j_relationship(it.server, 0, 777, "KNOWS", "{}");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert(fake_has_text(&it.host->warnings, "1 relationships were left out"));
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "neo4j_graph")->counts, "relationships"), "3");
    ck_assert_int_eq(verify(), PAB_OK);
    end();
}
END_TEST

START_TEST(a_node_that_is_read_twice_is_kept_once)
{
    begin_small();
    json_array_append(it.server->nodes, json_array_get(it.server->nodes, 0));
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "neo4j_graph")->counts, "nodes"), "3");
    ck_assert_int_eq(verify(), PAB_OK);
    end();
}
END_TEST

START_TEST(an_empty_graph_is_a_backup_too)
{
    begin();
    backup_well();
    ck_assert_int_eq(verify(), PAB_OK);
    ck_assert_int_eq(restore(0), PAB_OK);
    end();
}
END_TEST

START_TEST(no_failed_call_of_the_host_is_overlooked)
{
    static const char *const calls[] = { "artifact_begin", "artifact_write", "artifact_fact", "artifact_count", "artifact_commit", "fact", "object_add" };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (unsigned n = 1;; n++) {
            begin_small();
            fake_fail_call(it.host, calls[i], n, PAB_E_NOSPACE);
            int rc = backup();
            end();
            if (rc == PAB_OK) break;
            ck_assert_int_eq(rc, PAB_E_NOSPACE);
        }
    }
}
END_TEST

/* ---- restore */

START_TEST(a_restored_graph_is_the_one_that_was_backed_up)
{
    begin_small();
    backup_well();
    CLEANUP_FREE char *digest = pab_strdup(fake_value(&fake_artifact_named(it.host, "neo4j_graph")->facts, "digest"));
    fake_neo4j_clear(it.server);
    int rc = restore(0);
    ck_assert_msg(rc == PAB_OK, "%s", it.host->failure.message);
    ck_assert_uint_eq(json_array_size(it.server->nodes), 3);
    ck_assert_uint_eq(json_array_size(it.server->relationships), 3);
    ck_assert_uint_eq(json_array_size(it.server->constraints), 1);
    ck_assert_uint_eq(json_array_size(it.server->indexes), 1);
    ck_assert(fake_has_text(&it.host->logs, digest));
    end();
}
END_TEST

START_TEST(rows_go_in_batches)
{
    begin();
    for (int i = 0; i < 25; i++) fake_neo4j_node(it.server, i % 2 ? "[\"A\"]" : "[\"A\",\"B\"]", "{}");
    fake_set(it.config, "batch", "5");
    backup_well();
    fake_neo4j_clear(it.server);
    ck_assert_int_eq(restore(0), PAB_OK);
    ck_assert_uint_eq(fake_neo4j_count(it.server, "UNWIND"), 6);
    ck_assert_uint_eq(json_array_size(it.server->nodes), 25);
    end();
}
END_TEST

/* What is sent for one node with this property. */
static void sent_as(const char *typed, const char *expected)
{
    begin();
    CLEANUP_FREE char *properties = pab_sprintf("{\"a b\":%s}", typed), *body = NULL;
    fake_neo4j_node(it.server, "[\"L\"]", properties);
    backup_well();
    fake_neo4j_clear(it.server);
    restore(0);
    for (size_t i = 0; fake_http_asked(it.server->http, i); i++)
        if (strstr(fake_http_sent(it.server->http, i), "UNWIND")) body = pab_strdup(fake_http_sent(it.server->http, i));
    ck_assert_msg(body && strstr(body, expected), "%s", body ? body : "nothing");
    end();
}

START_TEST(values_are_sent_plain_where_that_says_the_same)
{
    sent_as(STRING("x"), "\"rows\":[[0,\"x\"]]");
    sent_as(STRING("x"), "CREATE (n:`L` {`a b`: row[1]}) RETURN row[0], elementId(n)");
    sent_as("{\"$type\":\"Integer\",\"_value\":\"-9223372036854775808\"}", "[[0,-9223372036854775808]]");
    sent_as("{\"$type\":\"Float\",\"_value\":\"3.0\"}", "[[0,3.0]]");
    sent_as("{\"$type\":\"Float\",\"_value\":\"-0.0\"}", "[[0,-0.0]]");
    sent_as("{\"$type\":\"Boolean\",\"_value\":true}", "[[0,true]]");
    sent_as("{\"$type\":\"List\",\"_value\":[" STRING("x") "," STRING("") "]}", "[[0,[\"x\",\"\"]]]");
    sent_as("{\"$type\":\"List\",\"_value\":[]}", "[[0,[]]]");
    sent_as("{\"$type\":\"Date\",\"_value\":\"2020-01-01\"}", "{`a b`: date(row[1])}");
}
END_TEST

START_TEST(values_are_sent_typed_where_plain_ones_would_lose_something)
{
    sent_as("{\"$type\":\"Float\",\"_value\":\"NaN\"}", "{\"$type\":\"Float\",\"_value\":\"NaN\"}");
    sent_as("{\"$type\":\"Float\",\"_value\":\"-Infinity\"}", "{\"$type\":\"Float\",\"_value\":\"-Infinity\"}");
    sent_as("{\"$type\":\"Base64\",\"_value\":\"AAE=\"}", "{\"$type\":\"Base64\",\"_value\":\"AAE=\"}");
    sent_as("{\"$type\":\"Point\",\"_value\":\"SRID=7203;POINT (1.0 2.0)\"}", "{\"$type\":\"Point\",\"_value\":\"SRID=7203;POINT (1.0 2.0)\"}");
    sent_as("{\"$type\":\"List\",\"_value\":[{\"$type\":\"Date\",\"_value\":\"2020-01-01\"}]}", "[{\"$type\":\"Date\",\"_value\":\"2020-01-01\"}]");
    sent_as("{\"$type\":\"Integer\",\"_value\":\"9223372036854775808\"}", "{\"$type\":\"Integer\",\"_value\":\"9223372036854775808\"}");
}
END_TEST

START_TEST(many_kinds_of_rows_share_a_statement_in_the_end)
{
    const int count = unit_is_slow() ? 260 : 400;
    begin();
    for (int i = 0; i < count; i++) {
        CLEANUP_FREE char *properties = pab_sprintf("{\"p%d\":" STRING("x") "}", i);
        fake_neo4j_node(it.server, "[\"L\"]", properties);
    }
    backup_well();
    fake_neo4j_clear(it.server);
    ck_assert_int_eq(restore(0), PAB_OK);
    ck_assert_uint_eq(json_array_size(it.server->nodes), count);
    ck_assert_uint_eq(fake_neo4j_count(it.server, "UNWIND"), 257);
    end();
}
END_TEST

START_TEST(a_database_that_is_not_empty_is_refused_with_its_count)
{
    begin_small();
    backup_well();
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    says("holds 3 nodes");
    ck_assert_uint_eq(fake_neo4j_count(it.server, "DELETE"), 0);
    end();
}
END_TEST

START_TEST(force_empties_the_database_first)
{
    begin_small();
    backup_well();
    fake_neo4j_node(it.server, "[\"Other\"]", "{}");
    fake_neo4j_schema(it.server->indexes, "other", "CREATE INDEX `other` FOR (n:`Other`) ON (n.`x`)");
    int rc = restore(PAB_RESTORE_FORCE);
    ck_assert_msg(rc == PAB_OK, "%s", it.host->failure.message);
    ck_assert_uint_eq(json_array_size(it.server->nodes), 3);
    ck_assert_uint_eq(json_array_size(it.server->indexes), 1);
    end();
}
END_TEST

START_TEST(a_damaged_backup_deletes_nothing)
{
    begin_small();
    backup_well();
    memcpy(strstr(fake_artifact_named(it.host, "neo4j_graph")->data.bytes, "Ada"), "Eve", 3);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_CORRUPT);
    ck_assert_uint_eq(fake_neo4j_count(it.server, "DELETE"), 0);
    end();
}
END_TEST

START_TEST(a_plan_changes_nothing)
{
    begin_small();
    backup_well();
    size_t said = json_array_size(it.server->said);
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_uint_eq(it.host->plan_count, 3);
    ck_assert_int_eq(it.host->plans[0].plan.action, PAB_PLAN_CONFLICT);
    ck_assert_str_eq(it.host->plans[1].plan.detail, "3 nodes and 3 relationships are created in database 'neo4j'");
    ck_assert_uint_eq(json_array_size(it.server->said), said + 3);
    end();
}
END_TEST

START_TEST(a_restore_waits_until_indexes_are_built)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    it.server->building = 3;
    ck_assert_int_eq(restore(0), PAB_OK);
    ck_assert_uint_eq(fake_neo4j_count(it.server, "YIELD name, state"), 4);
    end();
}
END_TEST

static void refused(struct fake_answer a)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    fake_neo4j_say(it.server, "CREATE RANGE INDEX", 0, a);
    ck_assert_int_eq(restore(0), PAB_OK);
    ck_assert(fake_has_text(&it.host->warnings, "refused by the server and left out: CREATE RANGE INDEX"));
    ck_assert_uint_eq(json_array_size(it.server->nodes), 3);
    ck_assert_uint_eq(json_array_size(it.server->constraints), 1);
    end();
}

START_TEST(an_index_that_the_server_does_not_know_is_left_out_with_a_warning)
{
    refused((struct fake_answer){ .status = 400, .body = "{\"errors\":[{\"code\":\"x\",\"message\":\"no such option\"}]}" });
    refused((struct fake_answer){ .status = 500, .body = "{\"errors\":[{\"code\":\"x\",\"message\":\"requires Enterprise Edition\"}]}" });
}
END_TEST

START_TEST(a_server_that_goes_away_while_indexes_are_made_fails_the_restore)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    fake_neo4j_say(it.server, "CREATE RANGE INDEX", 0, (struct fake_answer){ .drop = 1 });
    ck_assert_int_eq(restore(0), PAB_E_UNREACHABLE);
    end();
}
END_TEST

START_TEST(content_that_did_not_arrive_is_noticed)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    it.server->loses_a_property = 1;
    ck_assert_int_eq(restore(0), PAB_E_CORRUPT);
    says("not the same content");
    end();
}
END_TEST

START_TEST(a_deadlock_is_tried_again)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    fake_neo4j_say(it.server, "UNWIND", 2, (struct fake_answer){ .status = 202, .body = "{\"errors\":[{\"code\":\"Neo.TransientError.Transaction.DeadlockDetected\",\"message\":\"no\"}]}" });
    ck_assert_int_eq(restore(0), PAB_OK);
    end();
}
END_TEST

START_TEST(a_failed_write_fails_the_restore)
{
    begin_small();
    backup_well();
    fake_neo4j_clear(it.server);
    fake_neo4j_say(it.server, "KNOWS", 1, (struct fake_answer){ .status = 202, .body = "{\"data\":{\"values\":[]},\"errors\":[{\"code\":\"Neo.ClientError.Statement.TypeError\",\"message\":\"bad \\u0007 value\"}]}" });
    ck_assert_int_eq(restore(0), PAB_E_UNSUPPORTED);
    says("bad \\x07 value");
    end();
}
END_TEST

/* ---- verify */

static void damaged(const char *from, const char *to, const char *part)
{
    begin_small();
    backup_well();
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_graph");
    char *at = strstr(a->data.bytes, from);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    says(part);
    end();
}

START_TEST(verify_reads_everything)
{
    begin_small();
    backup_well();
    ck_assert_int_eq(verify(), PAB_OK);
    end();
}
END_TEST

START_TEST(a_changed_property_is_found) { damaged("Ada", "Eve", "not the same content"); } END_TEST
START_TEST(a_changed_label_is_found) { damaged("Admin", "Bdmin", "of label 'Admin'"); } END_TEST
START_TEST(another_end_of_a_relationship_is_found) { damaged("\"s\":0,\"e\":1", "\"s\":0,\"e\":2", "not the same content"); } END_TEST
START_TEST(a_dangling_relationship_is_found) { damaged("\"s\":0,\"e\":1", "\"s\":0,\"e\":9", "of a node that is not in the graph"); } END_TEST
START_TEST(a_node_twice_is_found) { damaged("{\"n\":1,", "{\"n\":0,", "node 0 is in the graph twice"); } END_TEST
START_TEST(a_line_that_is_not_json_is_found) { damaged("{\"n\":1,", "{\"n\":1;", "line 3"); } END_TEST
START_TEST(another_format_is_found) { damaged("pabengine-neo4j-graph", "pabengine-neo4j-graqh", "not the header of a graph"); } END_TEST

START_TEST(a_graph_cut_short_is_found_wherever_it_is_cut)
{
    begin_small();
    backup_well();
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_graph");
    const size_t step = unit_is_slow() ? 11 : 1;
    for (a->data.size--; a->data.size > 0; a->data.size -= a->data.size > step ? step : 1) {
        a->data.bytes[a->data.size] = '\0';
        ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    }
    end();
}
END_TEST

START_TEST(a_lost_constraint_is_found)
{
    begin_small();
    backup_well();
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_schema");
    memcpy(strstr(a->data.bytes, "CREATE CONSTRAINT"), "//", 2);
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    says("0 constraints, the manifest says 1");
    end();
}
END_TEST

START_TEST(discover_counts)
{
    begin_small();
    ck_assert_int_eq(open_now(), PAB_OK);
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(judged(it.plugin->discover(it.instance, fake_op(it.host), &req)), PAB_OK);
    ck_assert_str_eq(it.host->objects[0].object.detail, "3 nodes, 3 relationships, 1 constraints, 1 indexes");
    end();
}
END_TEST

START_TEST(ids_beyond_the_memory_of_the_store_come_back)
{
    struct idstore *s = NULL;
    struct pab_error err = { 0 };
    begin();
    ck_assert_int_eq(idstore_new(fake_op(it.host), "test", sizeof(uint64_t), 2, &s, &err), PAB_OK);
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t value = i * 3 + 1;
        ck_assert_int_eq(idstore_put(s, i * 2654435761u % 5003, &value, &err), PAB_OK);
    }
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t value = 0;
        ck_assert_int_eq(idstore_get(s, i * 2654435761u % 5003, &value, &err), PAB_OK);
        ck_assert_uint_eq(value, i * 3 + 1);
    }
    uint64_t never = 7;
    ck_assert_int_eq(idstore_get(s, UINT64_C(1) << 30, &never, &err), PAB_OK);
    ck_assert_uint_eq(never, 0);
    idstore_free(s);
    end();
}
END_TEST

START_TEST(a_name_is_quoted_so_that_nothing_in_it_is_read)
{
    static const char *const names[][2] = { { "a`b", "`a``b`" }, { "a\\b\\", "`a\\b\\`" }, { "a\\u0060b", "`a\\u005cu0060b`" }, { "\\\\u", "`\\\\u005cu`" }, { "", "``" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pab_buf b = PAB_BUF_INIT(0);
        neo4j_quote(&b, names[i][0]);
        ck_assert_str_eq(pab_buf_str(&b), names[i][1]);
        pab_buf_release(&b);
    }
}
END_TEST

START_TEST(names_in_a_statement_of_the_schema_are_read_as_they_are)
{
    begin_small();
    fake_neo4j_schema(it.server->indexes, "odd", "CREATE FULLTEXT INDEX `a\\u0041` FOR (n:`x``\\u0060`) ON EACH [n.`p`] OPTIONS {indexConfig: {`k`: 'it\\'s `\\u0041'}}");
    backup_well();
    ck_assert_ptr_nonnull(strstr(fake_artifact_named(it.host, "neo4j_schema")->data.bytes,
                                 "CREATE FULLTEXT INDEX `a\\u005cu0041` FOR (n:`x``\\u005cu0060`) ON EACH [n.`p`] OPTIONS {indexConfig: {`k`: 'it\\'s `\\u0041'}};"));
    end();
}
END_TEST

UNIT_MAIN("neo4j", a_name_is_quoted_so_that_nothing_in_it_is_read, names_in_a_statement_of_the_schema_are_read_as_they_are,
          ids_beyond_the_memory_of_the_store_come_back, a_graph_becomes_lines_that_say_it_all, constraints_stand_before_indexes, a_graph_that_moves_is_read_once_more,
          a_graph_that_never_rests_is_kept_with_a_warning, a_relationship_to_a_node_that_came_later_is_left_out_and_told, a_node_that_is_read_twice_is_kept_once,
          an_empty_graph_is_a_backup_too, no_failed_call_of_the_host_is_overlooked, a_restored_graph_is_the_one_that_was_backed_up, rows_go_in_batches, many_kinds_of_rows_share_a_statement_in_the_end, values_are_sent_plain_where_that_says_the_same,
          values_are_sent_typed_where_plain_ones_would_lose_something,
          a_database_that_is_not_empty_is_refused_with_its_count, force_empties_the_database_first, a_damaged_backup_deletes_nothing,
          a_plan_changes_nothing, a_restore_waits_until_indexes_are_built,
          an_index_that_the_server_does_not_know_is_left_out_with_a_warning, a_server_that_goes_away_while_indexes_are_made_fails_the_restore,
          content_that_did_not_arrive_is_noticed, a_deadlock_is_tried_again, a_failed_write_fails_the_restore, verify_reads_everything, a_changed_property_is_found,
          a_changed_label_is_found, another_end_of_a_relationship_is_found, a_dangling_relationship_is_found, a_node_twice_is_found, a_line_that_is_not_json_is_found,
          another_format_is_found, a_graph_cut_short_is_found_wherever_it_is_cut, a_lost_constraint_is_found, discover_counts)
