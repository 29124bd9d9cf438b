// cxx.cc - a plugin in C++: the header is enough for C++11, with RAII around the host's handles.
#include <cstring>
#include <new>
#include <string>
#include "core/include/pab_plugin.h"

#ifndef TEST_PLUGIN_NAME
#define TEST_PLUGIN_NAME "cxx"
#endif

namespace {

struct Instance {
    std::string text;
};

// An artifact that is aborted unless it was committed.
class Artifact {
public:
    explicit Artifact(pab_op *its_op) : op(its_op) {}
    Artifact(const Artifact &) = delete;
    Artifact &operator=(const Artifact &) = delete;
    ~Artifact() { op->host->artifact_abort(handle); }

    int32_t begin(const std::string &name)
    {
        pab_artifact_desc d{};
        d.struct_size = sizeof d;
        d.kind = PAB_KIND_STREAM;
        d.category = PAB_CAT_SERVICES;
        d.stem = d.object = name.c_str();
        d.extension = "txt";
        d.media_type = "text/plain";
        d.size_hint = PAB_SIZE_UNKNOWN;
        return op->host->artifact_begin(op, &d, &handle);
    }
    int32_t write(const std::string &s) { return op->host->artifact_write(handle, s.data(), s.size()); }
    int32_t commit()
    {
        pab_artifact *ended = handle;
        handle = nullptr;
        return op->host->artifact_commit(ended);
    }

private:
    pab_op *op;
    pab_artifact *handle = nullptr;
};

int32_t cxx_open(pab_op *op, const pab_config *config, void **ret)
{
    try {
        *ret = new Instance{op->host->config_str(config, "text")};
        return PAB_OK;
    } catch (const std::bad_alloc &) { // no exception may cross the border
        return pab_fail(op, PAB_E_NOMEM, 0, nullptr, "out of memory");
    }
}

void cxx_close(void *instance)
{
    delete static_cast<Instance *>(instance);
}

int32_t cxx_discover(void *instance, pab_op *op, const pab_discover_req *)
{
    pab_object o{};
    o.struct_size = sizeof o;
    o.category = PAB_CAT_SERVICES;
    o.id = "text";
    o.kind = "text";
    o.size = static_cast<Instance *>(instance)->text.size();
    return op->host->object_add(op, &o, nullptr, 0);
}

int32_t cxx_backup(void *instance, pab_op *op, const pab_backup_req *)
{
    Artifact a(op);
    int32_t rc = a.begin("text");
    if (rc == PAB_OK) rc = a.write(static_cast<Instance *>(instance)->text);
    if (rc != PAB_OK) return rc;
    pab_log(op, PAB_LOG_DEBUG, "wrote the text");
    return PAB_HOST_HAS(op->host, artifact_commit) ? a.commit() : pab_fail(op, PAB_E_UNSUPPORTED, 0, nullptr, "the host is too old");
}

int32_t cxx_restore(void *, pab_op *op, const pab_restore_req *req)
{
    pab_plan p{};
    p.struct_size = sizeof p;
    p.action = PAB_PLAN_KEEP;
    p.object = "text";
    p.detail = "nothing to do";
    return (req->flags & PAB_RESTORE_PLAN) ? op->host->plan_add(op, &p) : PAB_OK;
}

int32_t cxx_verify(void *, pab_op *, const pab_verify_req *)
{
    return PAB_OK;
}

const pab_option options[] = {
    {"text", PAB_OPT_STRING, 0, "hello", "what the object holds", nullptr, 0, 0, nullptr, 0, 0},
};

const pab_plugin plugin = {
    PAB_PLUGIN_HEADER, PAB_THREADS_PARALLEL, TEST_PLUGIN_NAME, "1.0", "a plugin in C++", options, 1, sizeof *options, 0, PAB_CAT_SERVICES, 0,
    nullptr, cxx_open, cxx_close, nullptr, cxx_discover, cxx_backup, cxx_restore, cxx_verify, nullptr,
};

} // namespace

const pab_plugin *pab_plugin_init(void)
{
    return &plugin;
}
