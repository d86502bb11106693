#include "flow/log.h"

#include "flow/limit_debit.h"
#include "flow/request.h"
#include "flow/shadow.h"

namespace edge::flow {

namespace {

void count(const ngx_http_request_t *r, const Request &request)
{
    shm::Counters &counters = request.zone().counters();
    shm::LabelCounters &label =
        counters.labels[request.zone().label_slot(request.lcf.label_index)];

    label.requests[static_cast<std::size_t>(request.status)].add();
    const off_t sent = r->connection->sent - r->header_size;
    const auto body = static_cast<std::uint64_t>(sent > 0 ? sent : 0);
    (request.hit ? label.bytes_hit : label.bytes_origin).add(body);
    counters.refuse(request.reason);
}

} // namespace

ngx_int_t on_log(ngx_http_request_t *r)
{
    charge_for_answer(r);
    Request *request = find_request(r);
    if (request == nullptr || request->status == cache::Status::none) {
        return NGX_OK;
    }
    count(r, *request);
    count_shadow(r, *request);
    return NGX_OK;
}

} // namespace edge::flow
