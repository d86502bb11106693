#include "flow/reading_body.h"

#include <coroutine>
#include <optional>
#include <string_view>

#include "flow/hit.h"
#include "flow/request.h"
#include "ngx/cleanup.h"
#include "ngx/guard.h"
#include "ngx/pool.h"
#include "ngx/task.h"
#include "ngx/text.h"
#include "tier/fill_wait.h"

namespace edge::flow {

namespace {

// Whoever reads looks for itself so often, too: see flow/collapse.
constexpr Millis kLookOut{1000};

ngx_http_core_loc_conf_t *core_conf(const ngx_http_request_t *r)
{
    return static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
}

// Nobody is sent more at first: all get their first bytes before any goes on.
constexpr std::size_t kFirst = 16 * 1024;

// Behind all others that this turn of the event loop has woken.
struct NextTurn
{
    ngx::Flow &flow;

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self)
    {
        flow.suspend(self);
        flow.wake();
    }
    void await_resume() const {}
};

// Until the connection can be written to again, or has timed out.
struct Writable
{
    ngx::Flow &flow;

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self) { flow.suspend(self); }
    void await_resume() const {}
};

// The body on its way to one client: what has arrived is sent from where it is
// stored. Only as much as the client takes is handed on, in buffers that are
// used again, so that it needs no more memory for being slow.
class Reading
{
public:
    Reading(ngx_http_request_t *r, const Request &request)
        : r_(r), request_(request), object_(**request.hit->object),
          pieces_(object_.arriving())
    {
    }

    // What is there; then NGX_DONE where more is to come.
    ngx_int_t begin();

private:
    static Reading &of(ngx_http_request_t *r);
    static void on_write(ngx_http_request_t *r);
    static void on_end(void *reading);

    ngx::Task go_on(ngx::Flow &flow);
    bool is_blocked() const;
    void send();
    ngx_chain_t *take_arrived();
    ngx_buf_t *add_buffer(ngx_chain_t **&end, std::string_view bytes);
    void watch_writes();
    void look_after_filler();
    void break_off();
    void end(ngx_int_t rc);

    ngx_http_request_t *r_;
    const Request &request_;
    ngx::Flow flow_;
    const shm::PinnedObject object_;
    shm::Pieces<std::string_view> pieces_;
    shm::Arrived sent_;
    ngx_chain_t *free_ = nullptr;
    ngx_chain_t *busy_ = nullptr;
    // How it has ended.
    std::optional<ngx_int_t> rc_;
};

using Slot = std::optional<Reading>;

void cancel(void *slot)
{
    static_cast<Slot *>(slot)->reset();
}

Reading &Reading::of(ngx_http_request_t *r)
{
    return **ngx::pool_find<Slot>(r->pool);
}

ngx_int_t Reading::begin()
{
    send();
    // The header on its own: nginx keeps it for the first bytes.
    if (!rc_ && sent_.size == 0 &&
        ngx_http_send_special(r_, NGX_HTTP_FLUSH) == NGX_ERROR) {
        return NGX_ERROR;
    }
    if (rc_ || flow_.run(go_on(flow_), &Reading::on_end, this)) {
        return rc_.value_or(NGX_ERROR);
    }
    r_->main->count++;
    r_->read_event_handler = ngx_http_test_reading;
    r_->write_event_handler = ngx::guard<&Reading::on_write>;
    // The client may have gone before that handler was set.
    if (r_->connection->read->ready) {
        ngx_post_event(r_->connection->read, &ngx_posted_events);
    }
    return NGX_DONE;
}

ngx::Task Reading::go_on(ngx::Flow &flow)
{
    co_await NextTurn{flow};
    send();
    while (!rc_) {
        if (is_blocked()) {
            co_await Writable{flow};
        } else {
            tier::ArrivalWait wait(flow, request_.zone(), *request_.hit->filler,
                                   object_, sent_, kLookOut);
            co_await wait;
            look_after_filler();
        }
        if (!rc_) {
            send();
        }
    }
}

void Reading::on_write(ngx_http_request_t *r)
{
    of(r).flow_.wake();
}

void Reading::on_end(void *reading)
{
    const Reading &self = *static_cast<Reading *>(reading);
    ngx_http_request_t *r = self.r_;
    ngx_connection_t *connection = r->connection;
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
    ngx_http_set_log_request(connection->log, r);
    ngx_http_finalize_request(r, self.rc_.value_or(NGX_ERROR));
    ngx_http_run_posted_requests(connection);
}

// What a filter keeps for later blocks nobody.
bool Reading::is_blocked() const
{
    const ngx_connection_t *connection = r_->connection;
    const ngx_event_t *write = connection->write;
    return (!write->ready || write->delayed) &&
           (busy_ != nullptr || r_->buffered || connection->buffered);
}

void Reading::send()
{
    ngx_connection_t *connection = r_->connection;
    if (connection->write->timedout) {
        connection->timedout = 1;
        ngx_log_error(NGX_LOG_INFO, connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        end(NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }
    ngx_chain_t *out = is_blocked() ? nullptr : take_arrived();
    if (rc_) {
        return;
    }
    if (out == nullptr && !r_->buffered && !connection->buffered) {
        return;
    }
    const ngx_int_t rc = ngx_http_output_filter(r_, out);
    ngx_chain_update_chains(
        r_->pool, &free_, &busy_, &out,
        static_cast<ngx_buf_tag_t>(&ngx_http_edge_cache_module));
    if (rc == NGX_ERROR || sent_.is_all) {
        end(rc);
        return;
    }
    watch_writes();
}

ngx_chain_t *Reading::take_arrived()
{
    const auto arrived = object_.arrived();
    if (!arrived) {
        break_off();
        return nullptr;
    }
    ngx_chain_t *out = nullptr;
    ngx_chain_t **end = &out;
    ngx_buf_t *last = nullptr;
    const shm::Arrived due = sent_.size == 0 && arrived->size > kFirst
                                 ? shm::Arrived{kFirst, false}
                                 : *arrived;
    pieces_.add(due.size - sent_.size);
    sent_ = due;
    while (const auto piece = pieces_.next()) {
        last = add_buffer(end, *piece);
    }
    if (last == nullptr && sent_.is_all) {
        last = add_buffer(end, {});
    }
    if (last != nullptr) {
        last->last_buf = sent_.is_all;
        last->last_in_chain = sent_.is_all;
        last->flush = !sent_.is_all;
    }
    return out;
}

ngx_buf_t *Reading::add_buffer(ngx_chain_t **&end, std::string_view bytes)
{
    ngx_chain_t *link = ngx_chain_get_free_buf(r_->pool, &free_);
    if (link == nullptr) {
        throw std::bad_alloc();
    }
    ngx_buf_t &buffer = *link->buf;
    buffer = {};
    buffer.start = buffer.pos = ngx::bytes(bytes);
    buffer.end = buffer.last = buffer.pos + bytes.size();
    buffer.memory = !bytes.empty();
    buffer.tag = static_cast<ngx_buf_tag_t>(&ngx_http_edge_cache_module);
    link->next = nullptr;
    *end = link;
    end = &link->next;
    return link->buf;
}

// As nginx does where it writes for itself.
void Reading::watch_writes()
{
    ngx_event_t *write = r_->connection->write;
    const ngx_http_core_loc_conf_t *conf = core_conf(r_);
    if (!is_blocked()) {
        if (write->timer_set && !write->delayed) {
            ngx_del_timer(write);
        }
        return;
    }
    if (!write->delayed) {
        ngx_add_timer(write, conf->send_timeout);
    }
    if (ngx_handle_write_event(write, conf->send_lowat) != NGX_OK) {
        end(NGX_ERROR);
    }
}

// Who has died has said nothing. What had arrived before that is asked last.
void Reading::look_after_filler()
{
    if (object_.arrived() == sent_ &&
        !request_.zone().is_held(request_.hit->filler->pin) &&
        object_.arrived() == sent_) {
        break_off();
    }
}

// The client must see that this is not all.
void Reading::break_off()
{
    ngx_log_error(NGX_LOG_ERR, r_->connection->log, 0,
                  "edge cache: the answer broke off while it was sent to those "
                  "who had waited for it");
    request_.zone().counters().hits_broken_off.add();
    end(NGX_ERROR);
}

void Reading::end(ngx_int_t rc)
{
    rc_ = rc;
}

} // namespace

ngx_int_t send_arriving(ngx_http_request_t *r)
{
    const Request &request = *find_request(r);
    const ngx_int_t rc = send_hit_header(r, request);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    request.zone().counters().hits_arriving.add();
    Slot *slot = ngx::pool_new<Slot>(r->pool);
    ngx::at_request_end<&cancel>(r, slot);
    return slot->emplace(r, request).begin();
}

} // namespace edge::flow
