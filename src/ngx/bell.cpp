#include "ngx/bell.h"

#include <algorithm>
#include <array>
#include <new>
#include <sys/eventfd.h>
#include <utility>

#include "ngx/guard.h"

namespace edge::ngx {

namespace {

constexpr int kNone = -1;

// As many as there can ever be: a worker that was forked before a reload has
// none that were opened after it.
std::array<int, WorkerSet::kMax> descriptors = [] {
    std::array<int, WorkerSet::kMax> none;
    none.fill(kNone);
    return none;
}();

void write_to(int descriptor)
{
    if (descriptor == kNone) {
        return;
    }
    const std::uint64_t one = 1;
    if (write(descriptor, &one, sizeof(one)) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "write() to an eventfd failed");
    }
}

void close_bells()
{
    for (int &descriptor : descriptors) {
        if (descriptor != kNone) {
            close(std::exchange(descriptor, kNone));
        }
    }
}

} // namespace

// All or none: others need open files, too.
bool open_bells()
{
    const bool are_open =
        std::ranges::all_of(descriptors, [](int &descriptor) {
            if (descriptor == kNone) {
                descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
            }
            return descriptor != kNone;
        });
    if (!are_open) {
        const ngx_err_t error = ngx_errno;
        close_bells();
        ngx_set_errno(error);
    }
    return are_open;
}

void ring(const WorkerSet &workers)
{
    workers.for_each([](std::size_t i) { write_to(descriptors[i]); });
}

Bell::Bell(Callback callback, void *data) : callback_(callback), data_(data)
{
    const auto worker = static_cast<std::size_t>(ngx_worker);
    if (worker >= descriptors.size() || descriptors[worker] == kNone) {
        return;
    }
    connection_ = ngx_get_connection(descriptors[worker], ngx_cycle->log);
    if (connection_ == nullptr) {
        throw std::bad_alloc();
    }
    connection_->data = this;
    // The descriptor is everybody's: closing the connection leaves it open.
    connection_->shared = 1;
    connection_->read->handler = guard<&Bell::on_event>;
    connection_->read->log = ngx_cycle->log;
    // Nothing that the end of this worker has to wait for.
    connection_->read->channel = 1;
    if (ngx_add_event(connection_->read, NGX_READ_EVENT, NGX_CLEAR_EVENT) !=
        NGX_OK) {
        ngx_close_connection(connection_);
        throw std::bad_alloc();
    }
}

Bell::~Bell()
{
    if (connection_ != nullptr) {
        ngx_close_connection(connection_);
    }
}

void Bell::on_event(ngx_event_t *event)
{
    auto *connection = static_cast<ngx_connection_t *>(event->data);
    auto *bell = static_cast<Bell *>(connection->data);
    bell->callback_(bell->data_);
}

} // namespace edge::ngx
