#include "flow/refresh.h"

#include "cache/early_refresh.h"
#include "flow/collapse.h"
#include "flow/own_route.h"
#include "ngx/cleanup.h"
#include "ngx/clone.h"
#include "ngx/detached.h"
#include "ngx/random.h"

namespace edge::flow {

namespace {

shm::Counter &counter_of(const Request &request)
{
    shm::Counters &counters = request.zone().counters();
    if (request.is_stored) {
        return counters.refreshes_stored;
    }
    return request.hit ? counters.refreshes_found : counters.refreshes_failed;
}

// It has no log phase to be counted in.
void count(void *data)
{
    const Request &request = *static_cast<Request *>(data);
    counter_of(request).add();
    request.zone().counters().refuse(request.reason);
}

bool is_due(const Request &request)
{
    const std::uint32_t factor = request.lcf.early_refresh.value;
    if (request.status == cache::Status::updating) {
        return request.lcf.background_update.value;
    }
    return factor != 0 && request.status == cache::Status::hit &&
           cache::is_refresh_due(request.hit->entry.times, request.hit->age,
                                 factor, ngx::random_number());
}

void start(ngx::Detached copy, ngx_http_request_t *r, const Request &request,
           tier::FillRole role)
{
    Request &own = make_request(copy.get(), request.lcf);
    const cache::Entry &entry = request.hit->entry;
    own.given.scheme = request.identity->scheme;
    own.refresh = Refresh{std::string(entry.key), entry.times.response};
    own.role.emplace(std::move(role));
    if (!ngx::copy_request(copy.get(), r)) {
        copy.release(); // nginx has ended it
        return;
    }
    ngx::at_request_end<&count>(copy.get(), &own);
    start_own(std::move(copy));
}

} // namespace

// What is asked by HEAD is not known to be wanted whole, and a body cannot be
// sent twice.
bool can_refresh(const ngx_http_request_t *r)
{
    return r->method == NGX_HTTP_GET && r->content_handler != nullptr;
}

void refresh_if_due(ngx_http_request_t *r, Request &request)
{
    if (!can_refresh(r) || !is_due(request)) {
        return;
    }
    std::optional<tier::FillRole> role = lead_refresh(request);
    if (!role) {
        return;
    }
    ngx::Detached copy =
        ngx::make_detached(*r->connection, ngx::entrance_of(*r));
    if (copy == nullptr) {
        request.zone().counters().refreshes_refused.add();
        return;
    }
    start(std::move(copy), r, request, std::move(*role));
}

bool fills_the_same(ngx_http_request_t *r, Request &request)
{
    const std::string_view wanted = request.refresh->key;
    if (request.identity->key == wanted) {
        return true;
    }
    const std::vector<std::string> names = known_vary(request);
    if (names.empty()) {
        return false;
    }
    const std::string vary = encode(names);
    request.variant = variant_key(r->pool, request, cache::StringList(vary));
    return request.variant->key == wanted;
}

} // namespace edge::flow
