/* job_tables.c - see job_tables.h. */
#include "core/config/job_tables.h"

#include "core/config/job.h"

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof *(table))
#define MAX_KEPT 100000

static const char *const store_types[] = { "directory", "repository", NULL };
static const char *const codecs[] = { "gzip", "zstd", "none", NULL };
static const char *const ciphers[] = { "none", NULL };
static const char *const kinds[] = { "full", "incremental", NULL };

static const struct pab_option compression_fields[] = {
    { .key = "codec", .type = PAB_OPT_CHOICE, .default_text = "gzip", .choices = codecs, .help = "how artifacts are compressed" },
    { .key = "level", .type = PAB_OPT_STRING, .help = "gzip: fast (default) or small; zstd: 1 to 19 (default 3)" },
};

static const struct pab_option openpgp_fields[] = {
    { .key = "recipients", .type = PAB_OPT_LIST, .help = "public keys that can read the backup" },
    { .key = "passphrase", .type = PAB_OPT_SECRET, .help = "passphrase that reads the backup" },
};

static const struct pab_option encryption_fields[] = {
    { .key = "type", .type = PAB_OPT_CHOICE, .default_text = "none", .choices = ciphers, .help = "none" },
    { .key = "openpgp", .type = PAB_OPT_RECORD, .flags = PAB_OPT_LATER, .help = "encrypt with OpenPGP",
      .fields = openpgp_fields, .field_count = COUNT(openpgp_fields) },
};

static const struct pab_option store_fields[] = {
    { .key = "type", .type = PAB_OPT_CHOICE, .default_text = "directory", .choices = store_types, .help = "what the store is" },
    { .key = "path", .type = PAB_OPT_PATH, .flags = PAB_OPT_REQUIRED, .help = "folder of the backups" },
    { .key = "compression", .type = PAB_OPT_RECORD, .flags = PAB_OPT_SHORTHAND, .default_text = "gzip",
      .help = "how artifacts are compressed", .fields = compression_fields, .field_count = COUNT(compression_fields) },
    { .key = "encryption", .type = PAB_OPT_RECORD, .flags = PAB_OPT_SHORTHAND, .default_text = "none",
      .help = "how artifacts are encrypted", .fields = encryption_fields, .field_count = COUNT(encryption_fields) },
};

static const struct pab_option defaults_fields[] = {
    { .key = "timeout", .type = PAB_OPT_DURATION, .default_text = "0", .help = "time limit of a target; 0: none" },
    { .key = "retries", .type = PAB_OPT_INT, .default_text = "0", .max = 100, .help = "further attempts after a passing failure" },
};

static const struct pab_option target_fields[] = {
    { .key = "name", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "unique name of the target" },
    { .key = "plugin", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "name of the plugin" },
    { .key = "options", .type = PAB_OPT_NODE, .help = "options of the plugin" },
    { .key = "enabled", .type = PAB_OPT_BOOL, .default_text = "true", .help = "false: leave this target out" },
    { .key = "timeout", .type = PAB_OPT_DURATION, .help = "time limit, instead of that of defaults" },
    { .key = "retries", .type = PAB_OPT_INT, .max = 100, .help = "further attempts, instead of those of defaults" },
    { .key = "required", .type = PAB_OPT_BOOL, .default_text = "true", .help = "false: its failure is only a warning" },
};

static const struct pab_option retention_fields[] = {
    { .key = "keep_days", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep what is not older than so many days" },
    { .key = "keep_last", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep so many of the latest" },
    { .key = "keep_hourly", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep one an hour for so many hours" },
    { .key = "keep_daily", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep one a day for so many days" },
    { .key = "keep_weekly", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep one a week for so many weeks" },
    { .key = "keep_monthly", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep one a month for so many months" },
    { .key = "keep_yearly", .type = PAB_OPT_INT, .min = 1, .max = MAX_KEPT, .help = "keep one a year for so many years" },
};

static const struct pab_option schedule_fields[] = {
    { .key = "frequency", .type = PAB_OPT_STRING, .default_text = "daily", .help = "hourly, daily, weekly, monthly, or an OnCalendar expression" },
    { .key = "at", .type = PAB_OPT_STRING, .help = "time of day, HH:MM" },
    { .key = "jitter", .type = PAB_OPT_DURATION, .default_text = "0", .max = PAB_JOB_MAX_TIMEOUT, .help = "random delay of at most this" },
    { .key = "kind", .type = PAB_OPT_CHOICE, .default_text = "full", .choices = kinds, .help = "what its runs make" },
    { .key = "full_every", .type = PAB_OPT_DURATION, .help = "with kind: incremental: a full backup when the last one is older" },
};

static const char *const notify_types[] = { "healthchecks", "ntfy", "webhook", "mail", NULL };

const struct pab_option pab_notify_table[] = {
    { .key = "type", .type = PAB_OPT_CHOICE, .flags = PAB_OPT_REQUIRED, .choices = notify_types, .help = "how it is told" },
    { .key = "url", .type = PAB_OPT_SECRET, .help = "address of the check, topic or webhook" },
    { .key = "token", .type = PAB_OPT_SECRET, .help = "bearer token" },
    { .key = "to", .type = PAB_OPT_LIST, .help = "mail addresses" },
    { .key = "from", .type = PAB_OPT_STRING, .help = "mail address of the sender" },
    { .key = "on", .type = PAB_OPT_LIST, .help = "when: start, success, partial, failure" },
    { .key = "template", .type = PAB_OPT_STRING, .help = "text instead of that of the type, with {{words}}" },
    { .key = "content_type", .type = PAB_OPT_STRING, .default_text = "application/json", .help = "what a webhook's text is" },
    { .key = "exit_code", .type = PAB_OPT_BOOL, .default_text = "false", .help = "healthchecks: tell the exit code" },
    { .key = "timeout", .type = PAB_OPT_DURATION, .default_text = "10s", .min = 1, .max = 300000, .help = "of one attempt" },
    { .key = "retries", .type = PAB_OPT_INT, .default_text = "2", .max = 10, .help = "further attempts after a failure that may pass" },
    { .key = "sendmail", .type = PAB_OPT_PATH, .default_text = "/usr/sbin/sendmail", .help = "program that sends mail" },
};
const uint32_t pab_notify_table_count = COUNT(pab_notify_table);

static const struct pab_option metrics_fields[] = {
    { .key = "textfile", .type = PAB_OPT_PATH, .flags = PAB_OPT_REQUIRED, .help = "file for the textfile collector of node_exporter" },
};

static const struct pab_option hook_fields[] = {
    { .key = "command", .type = PAB_OPT_LIST, .flags = PAB_OPT_REQUIRED, .help = "the program and its arguments; no shell" },
    { .key = "timeout", .type = PAB_OPT_DURATION, .default_text = "5m", .min = 1, .max = PAB_JOB_MAX_TIMEOUT, .help = "it is ended after that" },
};

#define HOOK(name, text) \
    { .key = name, .type = PAB_OPT_RECORD, .flags = PAB_OPT_SHORTHAND, .help = text, .fields = hook_fields, .field_count = COUNT(hook_fields) }
static const struct pab_option hooks_fields[] = {
    HOOK("before", "command before the run; when it fails, nothing is backed up"),
    HOOK("after", "command after a run that made a backup"),
    HOOK("on_partial", "command after a run that ended with exit code 3; after that of after"),
    HOOK("on_failure", "command after a run that made no backup"),
};

const struct pab_option pab_job_table[] = {
    { .key = "version", .type = PAB_OPT_INT, .flags = PAB_OPT_REQUIRED, .help = "version of the job format: 1" },
    { .key = "name", .type = PAB_OPT_STRING, .help = "name of the job; default: the file's name without .yaml" },
    { .key = "env_file", .type = PAB_OPT_PATH, .help = "file of NAME=VALUE lines for env: references" },
    { .key = "store", .type = PAB_OPT_RECORD, .flags = PAB_OPT_REQUIRED, .help = "where backups are kept", .fields = store_fields,
      .field_count = COUNT(store_fields) },
    { .key = "defaults", .type = PAB_OPT_RECORD, .default_text = "{}", .help = "what targets inherit", .fields = defaults_fields,
      .field_count = COUNT(defaults_fields) },
    { .key = "targets", .type = PAB_OPT_RECORDS, .flags = PAB_OPT_REQUIRED, .help = "what is backed up", .fields = target_fields,
      .field_count = COUNT(target_fields) },
    { .key = "rpo", .type = PAB_OPT_DURATION, .default_text = "0", .help = "oldest that the last good backup of a target may be; 0: any age" },
    { .key = "retention", .type = PAB_OPT_RECORD, .help = "which backups are kept", .fields = retention_fields,
      .field_count = COUNT(retention_fields) },
    { .key = "schedule", .type = PAB_OPT_RECORD, .help = "when the job runs", .fields = schedule_fields,
      .field_count = COUNT(schedule_fields) },
    { .key = "notify", .type = PAB_OPT_RECORDS, .flags = PAB_OPT_UNRESOLVED, .help = "who is told about runs", .fields = pab_notify_table,
      .field_count = COUNT(pab_notify_table) },
    { .key = "metrics", .type = PAB_OPT_RECORD, .help = "how runs went, for monitoring", .fields = metrics_fields, .field_count = COUNT(metrics_fields) },
    { .key = "hooks", .type = PAB_OPT_RECORD, .default_text = "{}", .help = "commands around a run", .fields = hooks_fields,
      .field_count = COUNT(hooks_fields) },
};
const uint32_t pab_job_table_count = COUNT(pab_job_table);

static const struct pab_option global_store_fields[] = {
    { .key = "compression", .type = PAB_OPT_RECORD, .flags = PAB_OPT_SHORTHAND, .help = "for jobs that do not say",
      .fields = compression_fields, .field_count = COUNT(compression_fields) },
};

const struct pab_option pab_global_table[] = {
    { .key = "version", .type = PAB_OPT_INT, .default_text = "1", .help = "version of the format: 1" },
    { .key = "store", .type = PAB_OPT_RECORD, .default_text = "{}", .help = "stores of all jobs", .fields = global_store_fields,
      .field_count = COUNT(global_store_fields) },
    { .key = "defaults", .type = PAB_OPT_RECORD, .default_text = "{}", .help = "what targets of all jobs inherit",
      .fields = defaults_fields, .field_count = COUNT(defaults_fields) },
};
const uint32_t pab_global_table_count = COUNT(pab_global_table);
