#include "flow/warm.h"

#include <charconv>
#include <variant>

#include "api/authorize.h"
#include "api/body.h"
#include "api/handler.h"
#include "api/json.h"
#include "api/response.h"
#include "cache/url.h"
#include "cache/warm_list.h"
#include "conf/location.h"
#include "flow/warm_log.h"
#include "flow/warmer.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/listeners.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using api::Answer;
using api::Json;
using api::problem;
using shm::WarmJob;

std::string_view name(WarmJob::State state)
{
    switch (state) {
    case WarmJob::State::running:
        return "running";
    case WarmJob::State::done:
        return "done";
    case WarmJob::State::stopped:
        break;
    }
    return "stopped";
}

Json describe(const WarmJob &job)
{
    const BootTime end =
        job.state == WarmJob::State::running ? ngx::boot_now() : job.ended;
    const double took = api::seconds(end - job.begun);
    const std::uint32_t done = job.stored + job.found;
    Json json{{"id", warm_name(job.id)},  {"state", name(job.state)},
              {"urls", job.urls},         {"done", done},
              {"stored", job.stored},     {"found", job.found},
              {"failed", job.failures()}, {"left", job.left()},
              {"seconds", took}};
    json["rate"] = took > 0 ? (done + job.failures()) / took : 0;
    json["reasons"] = Json::object();
    for (std::size_t i = 0; i < cache::kReasons; i++) {
        if (job.failed[i] != 0) {
            json["reasons"]
                [std::string(cache::name(static_cast<cache::Reason>(i)))] =
                    job.failed[i];
        }
    }
    return json;
}

// What a path alone is below: where the api was asked. Empty without a host.
std::string base_of(ngx_http_request_t *r)
{
    if (r->headers_in.host == nullptr) {
        return {};
    }
    std::string base = "http://";
#if (NGX_HTTP_SSL)
    if (r->connection->ssl != nullptr) {
        base = "https://";
    }
#endif
    return base.append(ngx::view(r->headers_in.host->value));
}

std::optional<Answer> refuse_token(const conf::Token &token,
                                   const cache::WarmList &list)
{
    if ((token.kinds & conf::kWarm) == 0) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token may not warm up: its line in token_file "
                       "says \"kinds=\".");
    }
    if (!api::may_ask_for(token, list.tenant)) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token is for some tenants only: name one of them "
                       "as \"tenant\".");
    }
    return std::nullopt;
}

// Where the rest leads to is seen on the way.
std::optional<Answer> refuse_hosts(const conf::Main &main,
                                   const cache::WarmList &list)
{
    for (std::size_t i = 0; i < list.urls.size(); i++) {
        const auto url = cache::parse_url(list.urls[i]);
        const auto entrance =
            ngx::find_entrance({url->tls, url->host, url->port});
        const std::string which = "urls[" + std::to_string(i) + "], ";
        if (!entrance) {
            return problem(NGX_HTTP_BAD_REQUEST,
                           which + "no server listens for that scheme at that "
                                   "port: write the URL as clients of this "
                                   "nginx do, which may be behind something "
                                   "that ends TLS.");
        }
        if (!main.server_names.include(*entrance, url->host)) {
            return problem(NGX_HTTP_BAD_REQUEST,
                           which + "no server here has the name " + url->host +
                               ": write one of a server_name.");
        }
    }
    return std::nullopt;
}

std::optional<Answer> read_list(ngx_http_request_t *r, cache::WarmList &list,
                                std::string &who)
{
    auto authorized =
        api::authorize(r, *conf::location(r).api, api::Access::write);
    if (auto *refused = std::get_if<Answer>(&authorized)) {
        return std::move(*refused);
    }
    const conf::Token &token = *std::get<const conf::Token *>(authorized);
    who = token.name;
    const auto body = api::read_body(r, cache::kMaxWarmBody);
    if (!body) {
        return problem(NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                       "Send at most 4 MiB: several requests if need be.");
    }
    auto parsed = cache::parse_warm_list(*body, base_of(r));
    if (const auto *sentence = std::get_if<std::string>(&parsed)) {
        return problem(NGX_HTTP_BAD_REQUEST, *sentence);
    }
    list = std::get<cache::WarmList>(std::move(parsed));
    if (auto refused = refuse_token(token, list)) {
        return refused;
    }
    return refuse_hosts(conf::main(r), list);
}

Answer begin(ngx_http_request_t *r)
{
    if (conf::main(r).zones.empty()) {
        return problem(NGX_HTTP_NOT_FOUND,
                       "Nothing is cached here: there is no edge_cache_zone.");
    }
    WarmPlan plan;
    if (auto refused = read_list(r, plan.list, plan.who)) {
        return *refused;
    }
    const std::size_t urls = plan.list.urls.size();
    const auto id = begin_warm_up(std::move(plan));
    if (!id) {
        api::add_header(r, "Retry-After", "5");
        return problem(NGX_HTTP_SERVICE_UNAVAILABLE,
                       "Four warm-ups are running: ask again when one of them "
                       "has ended.");
    }
    api::add_header(r, "Location",
                    std::string(ngx::view(r->uri)) + "/" + warm_name(*id));
    Answer answer;
    answer.status = NGX_HTTP_ACCEPTED;
    answer.body = api::to_text({{"id", warm_name(*id)}, {"urls", urls}});
    return answer;
}

ngx_int_t answer_body(ngx_http_request_t *r)
{
    return api::send(r, begin(r));
}

Answer show_jobs(ngx_http_request_t *r)
{
    auto authorized =
        api::authorize(r, *conf::location(r).api, api::Access::read);
    if (auto *refused = std::get_if<Answer>(&authorized)) {
        return std::move(*refused);
    }
    Json jobs = Json::array();
    if (!conf::main(r).zones.empty()) {
        for (const WarmJob &job : conf::main(r).zones.front()->warm_jobs()) {
            jobs.push_back(describe(job));
        }
    }
    Answer answer;
    answer.body = api::to_text({{"jobs", jobs}});
    return answer;
}

std::optional<std::uint64_t> id_of(std::string_view path)
{
    const std::string_view text = path.substr(path.find('/') + 1);
    std::uint64_t id = 0;
    const char *end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, id, 16);
    return read.ec == std::errc() && read.ptr == end ? std::optional(id)
                                                     : std::nullopt;
}

Answer show_job(ngx_http_request_t *r)
{
    auto authorized =
        api::authorize(r, *conf::location(r).api, api::Access::read);
    if (auto *refused = std::get_if<Answer>(&authorized)) {
        return std::move(*refused);
    }
    const auto id = id_of(api::path_below_location(r));
    std::optional<WarmJob> job;
    if (id && !conf::main(r).zones.empty()) {
        job = conf::main(r).zones.front()->warm_job(*id);
    }
    if (!job) {
        return problem(NGX_HTTP_NOT_FOUND,
                       "There is no such warm-up, or it is not known any more: "
                       "GET warm names the last 16.");
    }
    Answer answer;
    answer.body = api::to_text(describe(*job));
    return answer;
}

} // namespace

ngx_int_t answer_warm(ngx_http_request_t *r)
{
    if (r->method != NGX_HTTP_POST) {
        return api::send_unread(r, show_jobs(r));
    }
    auto authorized =
        api::authorize(r, *conf::location(r).api, api::Access::write);
    if (const auto *refused = std::get_if<Answer>(&authorized)) {
        return api::send_unread(r, *refused);
    }
    return api::answer_with_body<&answer_body>(r);
}

ngx_int_t answer_warm_job(ngx_http_request_t *r)
{
    return api::send_unread(r, show_job(r));
}

} // namespace edge::flow
