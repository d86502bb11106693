#include "flow/hit_age.h"

#include <charconv>
#include <limits>

#include "cache/freshness.h"
#include "http/date.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// RFC 9111 4: Age is generated, whatever the stored one said.
void add_age(ngx_http_request_t *r, Millis age)
{
    const auto seconds = std::chrono::duration_cast<Seconds>(age).count();
    constexpr std::size_t most =
        std::numeric_limits<decltype(seconds)>::digits10 + 2;
    auto *text = static_cast<char *>(ngx::allocate(r->pool, most));
    const char *end = std::to_chars(text, text + most, seconds).ptr;

    ngx::add_line(r->headers_out.headers, "Age", {text, end});
}

bool outlives_what_is_told(const Hit &hit)
{
    const auto told = told_lifetime(hit.entry);
    const Millis lifetime = hit.entry.times.lifetime;
    return told && *told < lifetime && hit.age < lifetime;
}

// What is no date stays as it is.
void move_on(ngx_http_request_t *r, ngx_table_elt_t *line, Millis time)
{
    if (line == nullptr) {
        return;
    }
    const auto date =
        http::parse_date(ngx::view(line->value), ngx::wall_now());
    if (date) {
        const auto text = http::format_date(*date + time);
        line->value = ngx::str(
            ngx::pool_copy(r->pool, {text.data(), text.size()}));
    }
}

void restart(ngx_http_request_t *r)
{
    ngx_http_headers_out_t &out = r->headers_out;
    const WallTime now = ngx::wall_now();
    const auto date = out.date == nullptr
                          ? std::nullopt
                          : http::parse_date(ngx::view(out.date->value), now);
    if (date) {
        const Millis time = now - *date;
        move_on(r, out.expires, time);
        move_on(r, out.date, time);
    }
}

} // namespace

void tell_age(ngx_http_request_t *r, const conf::Location &lcf,
              const Hit &hit)
{
    if (lcf.age_header.value || !outlives_what_is_told(hit)) {
        add_age(r, hit.age);
    } else {
        restart(r);
    }
}

} // namespace edge::flow
