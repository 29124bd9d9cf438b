/* neo4j.h - a Neo4j of one graph on the scripted HTTP server: it understands the statements that the plugin sends and nothing else.
 *
 *     struct fake_neo4j *s = fake_neo4j_new();
 *     fake_neo4j_node(s, "[\"Person\"]", "{\"name\":{\"$type\":\"String\",\"_value\":\"Ada\"}}");
 *     fake_neo4j_relationship(s, 0, 0, "KNOWS", "{}");
 *     fake_neo4j_say(s, "properties(n)", 1, (struct fake_answer){ .status = 500 });   // the first statement with that text
 *     ... fake_http_url(s->http) ...
 *     fake_neo4j_free(s);
 */
#ifndef FAKE_NEO4J_H
#define FAKE_NEO4J_H

#include <jansson.h>
#include "tests/fakes/http.h"

#define FAKE_NEO4J_TEXTS 4096

struct fake_neo4j {
    struct fake_http *http;
    const char *version;        /* "5.26.0" */
    json_t *nodes;              /* [{"id","labels","properties"}] */
    json_t *relationships;      /* [{"id","start","end","type","properties"}] */
    json_t *constraints, *indexes; /* [{"name","statement"}] */
    json_t *said;               /* statements, in order */
    unsigned next_id;
    const char *store;          /* inside the element ids */
    int building;               /* how often an index is still being built when asked */
    int grows;                  /* a node more with each count */
    int loses_a_property;       /* of each node that is created */
    struct { const char *part; unsigned nth; struct fake_answer answer; } faults[8];
    unsigned fault_count;
    char *texts[FAKE_NEO4J_TEXTS]; /* answers, to be freed */
    size_t text_count;
};

struct fake_neo4j *fake_neo4j_new(void);
void fake_neo4j_free(struct fake_neo4j *s);
/* Labels and properties as JSON; returns the node's id. */
unsigned fake_neo4j_node(struct fake_neo4j *s, const char *labels, const char *properties);
void fake_neo4j_relationship(struct fake_neo4j *s, unsigned start, unsigned end, const char *type, const char *properties);
void fake_neo4j_schema(json_t *list, const char *name, const char *statement);
/* The nth statement (1: the first; 0: every one) that contains `part` gets this answer. */
void fake_neo4j_say(struct fake_neo4j *s, const char *part, unsigned nth, struct fake_answer a);
size_t fake_neo4j_count(const struct fake_neo4j *s, const char *part);  /* statements that contain it */
void fake_neo4j_clear(struct fake_neo4j *s);        /* nothing is left; new ids are others */

#endif
