#include "flow/hot_requests.h"

#include <memory>
#include <optional>

#include "base/text.h"
#include "flow/refresh.h"
#include "http/connection.h"
#include "http/credential.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// Of a request that is kept.
constexpr std::size_t kMaxFields = 64;
constexpr std::size_t kMaxBytes = 4096;

std::unique_ptr<HotRequests> kept;

// Knuth's MMIX; the lower bits are the poor ones.
std::uint64_t next_random()
{
    static std::uint64_t state = 1;
    state = state * 6364136223846793005 + 1442695040888963407;
    return state >> 16;
}

bool is_left_out(std::string_view name)
{
    return http::is_of_one_exchange(name) || http::is_credential(name) ||
           equals_ignore_case(name, "Host");
}

// False: there is too much of it.
bool copy_fields(http::Fields fields, HotRequest &hot)
{
    std::size_t bytes = hot.key.size() + hot.target.size();
    for (const http::Field &field : fields) {
        if (!is_left_out(field.name)) {
            bytes += field.name.size() + field.value.size();
            hot.fields.push_back(
                {std::string(field.name), std::string(field.value)});
        }
    }
    return bytes <= kMaxBytes && hot.fields.size() <= kMaxFields;
}

// The address that a client came to is his connection's: that of the socket
// stays.
ngx::Entrance lasting_entrance(const ngx_http_request_t &r)
{
    ngx::Entrance entrance = ngx::entrance_of(r);
    entrance.local = entrance.socket->sockaddr;
    entrance.local_size = entrance.socket->socklen;
    return entrance;
}

std::optional<HotRequest> describe(const ngx_http_request_t &r,
                                   const Request &request)
{
    if (r.headers_in.host == nullptr || r.connection->type != SOCK_STREAM) {
        return std::nullopt;
    }
    HotRequest hot;
    hot.zone = &request.zone();
    hot.key = request.hit->entry.key;
    hot.entrance = lasting_entrance(r);
    hot.tls = request.identity->scheme == "https";
    hot.authority = ngx::view(r.headers_in.host->value);
    hot.target = ngx::view(r.unparsed_uri);
    return copy_fields(request.fields, hot) ? std::optional(std::move(hot))
                                            : std::nullopt;
}

} // namespace

void keep_hot_requests(std::size_t places)
{
    if (places != 0) {
        kept = std::make_unique<HotRequests>(places);
    }
}

void forget_hot_requests()
{
    kept.reset();
}

const HotRequests *hot_requests()
{
    return kept.get();
}

void note_hot_request(ngx_http_request_t *r, const Request &request)
{
    if (kept == nullptr || !can_refresh(r)) {
        return;
    }
    const Hash128 name = known_name(request).hash;
    if (kept->count(name)) {
        return;
    }
    const std::uint64_t random = next_random();
    if (!kept->wants(random)) {
        return;
    }
    if (auto hot = describe(*r, request)) {
        kept->add(name, *std::move(hot), random);
    }
}

} // namespace edge::flow
