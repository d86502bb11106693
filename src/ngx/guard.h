// The barrier between C++ and nginx. Every function that nginx calls goes
// through guard<>: an exception that left one would take the worker and all
// its connections down.
#pragma once

#include <exception>
#include <type_traits>

#include "ngx/nginx.h"

namespace edge::ngx {

// What fails here is memory, so nothing is allocated.
void log_exception(std::exception_ptr failure) noexcept;

namespace detail {

template <auto Function, auto Fallback, typename Signature> struct Guarded;

template <auto Function, auto Fallback, typename R, typename... Args>
struct Guarded<Function, Fallback, R (*)(Args...)>
{
    static R call(Args... args) noexcept
    {
        try {
            return Function(args...);
        } catch (...) {
            log_exception(std::current_exception());
        }
        if constexpr (std::is_same_v<R, char *>) {
            return static_cast<char *>(NGX_CONF_ERROR);
        } else if constexpr (!std::is_void_v<R>) {
            return static_cast<R>(Fallback);
        }
    }
};

} // namespace detail

// A function pointer for nginx that never throws: on an exception it returns
// `Fallback` (NGX_CONF_ERROR where nginx wants a char *).
template <auto Function, auto Fallback = nullptr>
inline constexpr auto guard =
    &detail::Guarded<Function, Fallback, decltype(Function)>::call;

} // namespace edge::ngx
