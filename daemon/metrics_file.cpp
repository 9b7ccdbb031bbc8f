// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/metrics_file.hpp"

#include "common/system/handle.hpp"
#include "common/system/write_all.hpp"
#include "daemon/publish/object_path.hpp"
#include "daemon/publish/publisher.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>

namespace mpapi::daemon {

namespace {

constexpr mode_t kReadableByAll = 0644;

Result<BusMessage> ask(sd_bus* bus) {
    sd_bus_error error{nullptr, nullptr, 0};
    sd_bus_message* raw = nullptr;
    const std::string root(publish::kRoot);
    const int r = sd_bus_call_method(bus, publish::kBusName, root.c_str(),
                                     "org.mpapi.Multipath1.Manager", "Metrics", &error, &raw, "");
    if (r < 0) {
        Error failure{"ask", "mpapid", error.message ? error.message : "", -r};
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN))
            failure = {"ask", "mpapid", "it is not running; start it with: systemctl start mpapid"};
        sd_bus_error_free(&error);
        return failure;
    }
    return BusMessage(raw);
}

// A collector takes files by their ending, so the temporary name must have another.
Status replace(const std::string& path, std::string_view text) {
    std::string temporary = path + ".XXXXXX";
    const Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file) return Error{"create", temporary, "", errno};
    Status status = write_all(file.get(), text, temporary);
    if (status && ::fchmod(file.get(), kReadableByAll) < 0)
        status = Error{"change mode of", temporary, "", errno};
    if (status && ::rename(temporary.c_str(), path.c_str()) < 0)
        status = Error{"rename", temporary, "to " + path, errno};
    if (!status) ::unlink(temporary.c_str());
    return status;
}

} // namespace

Status write_metrics(sd_bus* bus, const std::string& path) {
    const auto reply = ask(bus);
    if (!reply) return reply.error();
    const char* text = nullptr;
    if (const int r = sd_bus_message_read(reply->get(), "s", &text); r < 0)
        return Error{"read", "metrics", "", -r};
    return path == "-" ? write_all(STDOUT_FILENO, text, "standard output") : replace(path, text);
}

} // namespace mpapi::daemon
