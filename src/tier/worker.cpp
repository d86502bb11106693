#include "tier/worker.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace edge::tier {

namespace {

// 0 when it cannot be read: without /proc a pid has to do.
std::uint64_t start_time(std::uint32_t pid)
{
    char path[32];
    std::snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    std::FILE *file = std::fopen(path, "re");
    if (file == nullptr) {
        return 0;
    }
    char line[1024];
    const std::size_t size = std::fread(line, 1, sizeof(line) - 1, file);
    std::fclose(file);
    line[size] = '\0';

    // The name in field 2 may contain anything but ends at the last ')'.
    const std::string_view text(line, size);
    std::size_t at = text.rfind(')');
    for (int field = 2; field < 22 && at != text.npos; field++) {
        at = text.find(' ', at + 1);
    }
    return at == text.npos ? 0 : std::strtoull(line + at, nullptr, 10);
}

} // namespace

Process this_process()
{
    const auto pid = static_cast<std::uint32_t>(getpid());
    return {pid, start_time(pid)};
}

bool is_alive(const Process &process)
{
    if (kill(static_cast<pid_t>(process.pid), 0) == -1 && errno == ESRCH) {
        return false;
    }
    const std::uint64_t start = start_time(process.pid);
    return start == 0 || process.start == 0 || start == process.start;
}

} // namespace edge::tier
