/* schedule_text.c - what is installed for a schedule: lines of a crontab, or the text of two units. */
#include "core/engine/schedule_text.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/config/credential.h"
#include "core/config/envfile.h"
#include "core/engine/crontab_text.h"
#include "core/stream/hash.h"

char *pab_schedule_id(const struct pab_job *job)
{
    char hex[65];
    CLEANUP_FREE char *name = pab_str_file_name(job->name);
    for (char *p = name; *p; p++)
        if (*p == '%')
            *p = '_'; /* units take it for a specifier */
    pab_hash_bytes(job->file, strlen(job->file), hex);
    return pab_sprintf("pabengine-%.80s-%.8s", name, hex);
}

static int when_of(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret, struct pab_error *err)
{
    const char *frequency = o->frequency ? o->frequency : job->schedule.frequency ? job->schedule.frequency : "daily";
    /* the job's time belongs to the job's frequency, unless both are words */
    const char *at = o->at ? o->at : o->frequency && strpbrk(o->frequency, "0123456789*") ? NULL : job->schedule.at;
    return pab_calendar_text(frequency, at, ret, err);
}

/* What the run must find again: settings of this shell that a cron or systemd does not have. */
static const char *const kept[] = {
    "DOCKER_HOST", "PABENGINE_CONFIG", "PABENGINE_LIBEXEC_PATH", "PABENGINE_PLUGIN_PATH", "PABENGINE_STATE_DIR",
    "PGPASSFILE", "TMPDIR", "XDG_STATE_HOME",
};
#define KEPT (sizeof kept / sizeof *kept)

static int add_environment(struct pab_strs *words, struct pab_error *err)
{
    for (size_t i = 0; i < KEPT; i++) {
        const char *value = getenv(kept[i]);
        if (!value || !*value)
            continue;
        if (strpbrk(value, "\r\n"))
            return pab_error_set(err, PAB_E_USAGE, 0, "the variable '%s' has a line break: it cannot stand in a schedule", kept[i]);
        CLEANUP_FREE char *word = pab_sprintf("%s=%s", kept[i], value);
        pab_strs_add(words, word);
    }
    return PAB_OK;
}

static int has_name(const struct pab_strs *list, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i], name, n) == 0 && (!list->items[i][n] || list->items[i][n] == '='))
            return 1;
    return 0;
}

int pab_schedule_lacks(const struct pab_job *job, struct pab_strs *io, struct pab_error *err)
{
    struct pab_strs wanted = { 0 }, there = { 0 };
    int rc = pab_credential_env_file(job, &there, err);
    pab_credential_names(job, &wanted);
    for (size_t i = 0; i < KEPT; i++)
        pab_strs_add(&there, kept[i]);
    for (size_t i = 0; !rc && i < wanted.count; i++)
        if (!has_name(&there, wanted.items[i]))
            pab_strs_add(io, wanted.items[i]);
    pab_envfile_release(&there);
    pab_strs_release(&wanted);
    return rc;
}

static void add_command(struct pab_strs *words, const struct pab_job *job, const struct pab_schedule_opts *o)
{
    CLEANUP_FREE char *days = pab_sprintf("--retention=%d", o->keep_days);
    pab_strs_add(words, o->program);
    pab_strs_add(words, "schedule");
    pab_strs_add(words, "run");
    pab_strs_add(words, job->file);
    if (o->keep_days)
        pab_strs_add(words, days);
}

int pab_schedule_cron_body(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret, struct pab_error *err)
{
    struct pab_calendar c;
    struct pab_strs words = { 0 };
    CLEANUP_FREE char *when = NULL, *command = NULL;
    if (when_of(job, o, &when, err) || pab_calendar_parse(when, &c, err))
        return err->code;
    int rc = add_environment(&words, err);
    add_command(&words, job, o);
    pab_strs_add(&words, "--quiet");
    if (!rc)
        rc = pab_crontab_command((const char *const *)words.items, &command, err);
    pab_strs_release(&words);
    if (rc)
        return rc;
    CLEANUP_FREE char *fields = pab_calendar_cron(&c);
    *ret = pab_sprintf("# job: %s\n# when: %s\n%s %s%s\n@reboot %s --missed\n", job->file, when, fields, command, job->schedule.jitter_ms ? " --jitter" : "", command);
    return PAB_OK;
}

/* In double quotes, for ExecStart= and Environment=. '$' is a variable only in a command. */
static void add_quoted(struct pab_buf *b, const char *s, int command)
{
    pab_buf_addc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            pab_buf_addc(b, '\\');
        if (*s == '%' || (command && *s == '$'))
            pab_buf_addc(b, *s);
        pab_buf_addc(b, *s);
    }
    pab_buf_addc(b, '"');
}

static int uses_mail_or_hooks(const struct pab_job *job)
{
    return job->notify_count || job->hooks.before.argv.count || job->hooks.after.argv.count || job->hooks.on_partial.argv.count ||
           job->hooks.on_failure.argv.count;
}

/* Of a path that is not there the unit does not fail: the run says it better. */
static void add_writable(struct pab_buf *b, const char *path)
{
    if (!path || strpbrk(path, "\r\n"))
        return;
    CLEANUP_FREE char *value = pab_sprintf("-%s", path);
    pab_buf_adds(b, "ReadWritePaths=");
    add_quoted(b, value, 0);
    pab_buf_addc(b, '\n');
}

/* What all plugins can do with: they read any file, and talk to sockets and to the network.  A command of the user's, and the
 * sendmail of some systems, may need more: then only what binds nobody.  Nothing here may hide files that a target backs up:
 * so neither ProtectKernelModules (hides /usr/lib/modules) nor ProtectHome, PrivateTmp or PrivateDevices. */
static void add_hardening(struct pab_buf *b, const struct pab_job *job, const struct pab_schedule_opts *o)
{
    pab_buf_adds(b, "LockPersonality=yes\nRestrictRealtime=yes\n");
    if (uses_mail_or_hooks(job))
        return;
    pab_buf_adds(b, "NoNewPrivileges=yes\nSystemCallArchitectures=native\nRestrictNamespaces=yes\n");
    if (!o->system)
        return; /* a manager of a user cannot do these */
    pab_buf_adds(b, "ProtectClock=yes\nProtectControlGroups=yes\nProtectHostname=yes\nProtectKernelLogs=yes\nProtectKernelTunables=yes\n");
    if (!pab_str_has_prefix(job->store_path, "/usr/") && !pab_str_has_prefix(job->store_path, "/boot/") && !pab_str_has_prefix(job->store_path, "/efi/") && !job->metrics_path) {
        pab_buf_adds(b, "ProtectSystem=true\n");
        add_writable(b, o->state_dir); /* below /usr/local where that is the prefix */
        add_writable(b, job->store_path); /* which may be a link that leads below /usr; the logs are in it */
    }
}

/* "%" begins a specifier in most values. */
static void add_percent_safe(struct pab_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '%')
            pab_buf_addc(b, '%');
        pab_buf_addc(b, *s);
    }
}

static void add_credentials(struct pab_buf *b, const struct pab_job *job)
{
    struct pab_strs files = { 0 };
    pab_credential_files(job, &files);
    for (size_t i = 0; i < files.count; i++) {
        CLEANUP_FREE char *name = pab_credential_name(files.items[i]);
        pab_buf_addf(b, "LoadCredential=%s:", name);
        add_percent_safe(b, files.items[i]);
        pab_buf_addc(b, '\n');
    }
    pab_strs_release(&files);
}

static void add_service(struct pab_buf *b, const struct pab_job *job, const struct pab_schedule_opts *o, const struct pab_strs *environment)
{
    struct pab_strs command = { 0 };
    CLEANUP_FREE char *id = pab_schedule_id(job);
    pab_buf_addf(b, "# job: %s\n[Unit]\nDescription=Backup %s\nDocumentation=man:pabengine(1)\n", job->file, id);
    if (o->system)
        pab_buf_adds(b, "Wants=network-online.target\nAfter=network-online.target docker.service postgresql.service\n");
    pab_buf_adds(b, "\n[Service]\nType=oneshot\n");
    for (size_t i = 0; i < environment->count; i++) {
        pab_buf_adds(b, "Environment=");
        add_quoted(b, environment->items[i], 0);
        pab_buf_addc(b, '\n');
    }
    add_command(&command, job, o);
    pab_buf_adds(b, "ExecStart=");
    for (size_t i = 0; i < command.count; i++) {
        if (i)
            pab_buf_addc(b, ' ');
        add_quoted(b, command.items[i], 1);
    }
    /* the run itself hears of a stop first, and ends what it began: dumps, containers that rest */
    pab_buf_adds(b, "\nKillMode=mixed\nTimeoutStopSec=2min\n");
    add_credentials(b, job);
    pab_buf_adds(b, "UMask=0077\nNice=10\nIOSchedulingClass=best-effort\nIOSchedulingPriority=7\n");
    add_hardening(b, job, o);
    pab_strs_release(&command);
}

int pab_schedule_units(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret_service, char **ret_timer, struct pab_error *err)
{
    struct pab_buf service = PAB_BUF_INIT(0);
    CLEANUP_FREE char *when = NULL;
    if (strpbrk(job->file, "\r\n") || strpbrk(o->program, "\r\n"))
        return pab_error_set(err, PAB_E_USAGE, 0, "a path with a line break cannot stand in a unit");
    if (when_of(job, o, &when, err) || pab_schedule_check_when(when, err))
        return err->code;
    struct pab_strs environment = { 0 };
    int rc = add_environment(&environment, err);
    if (!rc)
        add_service(&service, job, o, &environment);
    pab_strs_release(&environment);
    if (rc)
        return rc;
    *ret_service = pab_buf_take(&service);
    *ret_timer = pab_sprintf("# job: %s\n[Unit]\nDescription=Backups by pabengine\nDocumentation=man:pabengine(1)\n\n[Timer]\nOnCalendar=%s\n"
                             "Persistent=true\nRandomizedDelaySec=%lld\nAccuracySec=1min\n\n[Install]\nWantedBy=timers.target\n",
                             job->file, when, (long long)(job->schedule.jitter_ms / 1000));
    return PAB_OK;
}

int pab_schedule_text(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret, struct pab_error *err)
{
    CLEANUP_FREE char *service = NULL, *timer = NULL;
    if (o->scheduler == PAB_SCHEDULER_CRON)
        return pab_schedule_cron_body(job, o, ret, err);
    if (pab_schedule_units(job, o, &service, &timer, err))
        return err->code;
    *ret = pab_sprintf("%s---\n%s", service, timer);
    return PAB_OK;
}
