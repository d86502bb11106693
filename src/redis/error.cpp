#include "redis/error.h"

#include <array>

namespace edge::redis {
namespace {

struct ErrorClass
{
    ErrorKind kind;
    std::string_view name;
    ErrorEffect effect;
};

using enum ErrorEffect;

constexpr std::array kClasses{
    ErrorClass{ErrorKind::other, "other", miss},
    ErrorClass{ErrorKind::noscript, "noscript", miss},
    ErrorClass{ErrorKind::loading, "loading", connection},
    ErrorClass{ErrorKind::busy, "busy", failure},
    ErrorClass{ErrorKind::oom, "oom", miss},
    ErrorClass{ErrorKind::misconf, "misconf", miss},
    ErrorClass{ErrorKind::readonly, "readonly", elsewhere},
    ErrorClass{ErrorKind::masterdown, "masterdown", failure},
    ErrorClass{ErrorKind::noreplicas, "noreplicas", miss},
    ErrorClass{ErrorKind::noauth, "noauth", connection},
    ErrorClass{ErrorKind::wrongpass, "wrongpass", connection},
    ErrorClass{ErrorKind::noperm, "noperm", miss},
    ErrorClass{ErrorKind::wrongtype, "wrongtype", miss},
    ErrorClass{ErrorKind::clusterdown, "clusterdown", failure},
    ErrorClass{ErrorKind::moved, "moved", miss},
    ErrorClass{ErrorKind::ask, "ask", miss},
    ErrorClass{ErrorKind::tryagain, "tryagain", miss},
    ErrorClass{ErrorKind::maxclients, "maxclients", connection},
};

static_assert(kClasses.size() == kErrorKinds);

struct ErrorPrefix
{
    std::string_view text; // whole words
    ErrorKind kind;
};

constexpr std::array kPrefixes{
    ErrorPrefix{"NOSCRIPT", ErrorKind::noscript},
    ErrorPrefix{"LOADING", ErrorKind::loading},
    ErrorPrefix{"BUSY", ErrorKind::busy},
    ErrorPrefix{"OOM", ErrorKind::oom},
    ErrorPrefix{"MISCONF", ErrorKind::misconf},
    ErrorPrefix{"READONLY", ErrorKind::readonly},
    ErrorPrefix{"MASTERDOWN", ErrorKind::masterdown},
    ErrorPrefix{"NOREPLICAS", ErrorKind::noreplicas},
    ErrorPrefix{"NOAUTH", ErrorKind::noauth},
    ErrorPrefix{"WRONGPASS", ErrorKind::wrongpass},
    ErrorPrefix{"ERR invalid password", ErrorKind::wrongpass}, // before 6.0
    ErrorPrefix{"NOPERM", ErrorKind::noperm},
    ErrorPrefix{"ERR The user executing the script can't", // inside a script
                ErrorKind::noperm},
    ErrorPrefix{"ERR ACL failure in", // the same, from 7.2 on
                ErrorKind::noperm},
    ErrorPrefix{"WRONGTYPE", ErrorKind::wrongtype},
    ErrorPrefix{"CLUSTERDOWN", ErrorKind::clusterdown},
    ErrorPrefix{"MOVED", ErrorKind::moved},
    ErrorPrefix{"ASK", ErrorKind::ask},
    ErrorPrefix{"TRYAGAIN", ErrorKind::tryagain},
    ErrorPrefix{"ERR max number of clients", ErrorKind::maxclients},
};

bool begins_with_words(std::string_view text, std::string_view words)
{
    return text.starts_with(words) &&
           (text.size() == words.size() || text[words.size()] == ' ');
}

// Until 6.2 an error inside a script came with words around it: "ERR Error
// running script (call to f_...): @user_script:1: -OOM command not ...".
std::string_view inner_error(std::string_view text)
{
    const std::size_t at = text.find(": -");
    return begins_with_words(text, "ERR Error running script") &&
                   at != std::string_view::npos
               ? text.substr(at + 3)
               : text;
}

const ErrorClass &class_of(ErrorKind kind)
{
    return kClasses[static_cast<std::size_t>(kind)];
}

} // namespace

ErrorKind error_kind(std::string_view text)
{
    const std::string_view error = inner_error(text);

    for (const ErrorPrefix &prefix : kPrefixes) {
        if (begins_with_words(error, prefix.text)) {
            return prefix.kind;
        }
    }
    return ErrorKind::other;
}

ErrorEffect error_effect(ErrorKind kind)
{
    return class_of(kind).effect;
}

std::string_view error_name(ErrorKind kind)
{
    return class_of(kind).name;
}

std::string_view error_code(std::string_view text)
{
    const std::string_view word = text.substr(0, text.find(' '));
    const bool is_code =
        !word.empty() && word.size() <= 16 &&
        word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == word.npos;
    return is_code ? word : "ERR";
}

} // namespace edge::redis
