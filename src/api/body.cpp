#include "api/body.h"

#include <stdexcept>

namespace edge::api {

namespace {

void append_file(std::string &body, const ngx_buf_t &buffer)
{
    const auto size =
        static_cast<std::size_t>(buffer.file_last - buffer.file_pos);
    const std::size_t start = body.size();
    body.resize(start + size);
    const ssize_t got =
        ngx_read_file(buffer.file, reinterpret_cast<u_char *>(&body[start]),
                      size, buffer.file_pos);
    if (got != static_cast<ssize_t>(size)) {
        throw std::runtime_error("a request body could not be read back");
    }
}

} // namespace

std::optional<std::string> read_body(ngx_http_request_t *r, std::size_t limit)
{
    std::string body;
    const ngx_chain_t *link =
        r->request_body != nullptr ? r->request_body->bufs : nullptr;
    for (; link != nullptr; link = link->next) {
        const ngx_buf_t &buffer = *link->buf;
        if (body.size() + static_cast<std::size_t>(ngx_buf_size(&buffer)) >
            limit) {
            return std::nullopt;
        }
        if (ngx_buf_in_memory(&buffer)) {
            body.append(reinterpret_cast<const char *>(buffer.pos),
                        static_cast<std::size_t>(buffer.last - buffer.pos));
        } else if (buffer.in_file) {
            append_file(body, buffer);
        }
    }
    return body;
}

} // namespace edge::api
