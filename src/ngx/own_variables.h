// Variables are evaluated once and kept for the request and all of its
// subrequests. Evaluated too early, one that depends on what is not known yet
// (a map of what auth_request sets) would keep its wrong value.
#pragma once

#include "ngx/nginx.h"

namespace edge::ngx {

// What `r` evaluates while this lives is forgotten afterwards.
class OwnVariables
{
public:
    explicit OwnVariables(ngx_http_request_t *r);
    ~OwnVariables() { r_->variables = shared_; }

    OwnVariables(const OwnVariables &) = delete;
    OwnVariables &operator=(const OwnVariables &) = delete;

private:
    ngx_http_request_t *r_;
    ngx_http_variable_value_t *shared_;
};

} // namespace edge::ngx
