// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/daemon.hpp"

#include "plugin/boundary.hpp"

#include <fcntl.h>

#include <cerrno>

namespace mpapi::plugin {

namespace {

using std::chrono::steady_clock;

// Each finds another daemon or bus than the one before.
constexpr int kAttempts = 4;

constexpr std::uint64_t kBuild = flat::build_hash(MPAPI_VERSION);

constexpr char kShortage[] = "no memory or no descriptor is left";

bool is_shortage(int error) {
    return error == ENOMEM || error == EMFILE || error == ENFILE;
}

Error failure(const char* method, const CallError& error) {
    auto is = [&](const char* name) { return error.name == name; };
    // EXFULL: there was no room for the descriptor in the answer.
    if (is(SD_BUS_ERROR_NO_MEMORY) || is("System.Error.EMFILE") || is("System.Error.ENFILE") ||
        is("System.Error.EXFULL"))
        return Error{"call", method, kShortage, ENOMEM};
    if (is(SD_BUS_ERROR_SERVICE_UNKNOWN) || is(SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        return Error{"call", method, "mpapid is not running", ENOENT};
    if (is("System.Error.EINTR")) return Error{"call", method, "it was broken off", EINTR};
    // The daemon or the bus went while it was asked: there may be another one.
    if (is(SD_BUS_ERROR_NO_REPLY) || is(SD_BUS_ERROR_TIMEOUT) || is(SD_BUS_ERROR_DISCONNECTED) ||
        is("System.Error.ENOTCONN") || is("System.Error.ECONNRESET"))
        return Error{"call", method, "mpapid does not answer", EAGAIN};
    if (is(SD_BUS_ERROR_UNKNOWN_METHOD) || is(SD_BUS_ERROR_UNKNOWN_INTERFACE))
        return Error{"call", method, "mpapid is of another version", EPROTO};
    return Error{"call", method, "mpapid refuses to answer", EIO};
}

// What was mapped or should have been.
Error unreadable(const char* what, const Error& error) {
    if (is_shortage(error.errnum)) return Error{"map", what, kShortage, ENOMEM};
    return Error{"read", what, "mpapid is of another version", EPROTO};
}

} // namespace

PicturePtr Daemon::held() const {
    const std::lock_guard lock(held_mutex_);
    return held_;
}

void Daemon::hold(PicturePtr picture) {
    {
        const std::lock_guard lock(held_mutex_);
        held_.swap(picture);
    }
    // The old one is unmapped here, or by its last reader.
}

Result<PicturePtr> Daemon::picture(int stop) {
    if (auto held = this->held(); held && held->is_current()) return held;
    const NoCancellation here;
    const std::uint64_t before = fetches_;
    const std::lock_guard lock(fetching_);
    if (auto held = this->held(); held && held->is_current()) return held;
    // What was asked after we came has been asked for us.
    if (failed_fetch_ > before) return failure_;
    const std::uint64_t ours = ++fetches_;
    const auto end = steady_clock::now() + patience_;
    for (int attempt = 1;; ++attempt) {
        auto fetched = fetch(stop);
        if (fetched) {
            hold(*fetched);
            return fetched;
        }
        if (fetched.error().errnum != EAGAIN || attempt == kAttempts ||
            steady_clock::now() >= end) {
            hold(nullptr);
            if (fetched.error().errnum != EINTR) { // which is this caller's alone
                failed_fetch_ = ours;
                failure_ = fetched.error();
            }
            return fetched;
        }
    }
}

Result<PicturePtr> Daemon::fetch(int stop) {
    if (!connection_ || !connection_->process()) {
        page_.reset();
        connection_.reset();
        auto connected = Connection::open(Connection::Wait::No);
        if (!connected) {
            const int error = connected.error().errnum;
            if (is_shortage(error)) return Error{"connect to", "bus", kShortage, ENOMEM};
            return Error{"connect to", "bus", "there is no system bus", error};
        }
        connection_ = std::move(*connected);
    }
    if (!page_ || !page_->has_writer()) {
        page_.reset();
        auto fd = ask("GetGenerationPage", "h", stop);
        if (!fd) return std::move(fd).error();
        auto page = Page::map(fd->get());
        if (!page) return unreadable("generation page", page.error());
        page_ = std::move(*page);
    }
    auto fd = ask("GetSnapshot", "th", stop);
    if (!fd) return std::move(fd).error();
    auto picture = Picture::map(fd->get(), page_, kBuild);
    if (picture) return picture;
    // Between the two answers another daemon may have come.
    if (!page_->has_writer()) return Error{"read", "snapshot", "mpapid was restarted", EAGAIN};
    return unreadable("snapshot", picture.error());
}

Result<Fd> Daemon::ask(const char* method, const char* signature, int stop) {
    auto message = connection_->new_call(bus::kRoot.data(), "org.mpapi.Multipath1.Manager", method);
    if (!message) return Error{"call", method, "there is no system bus", EIO};
    const Answer answer = connection_->call(*message, patience_, stop);
    if (!answer) {
        Error error = failure(method, answer.error());
        // One that was given up may still be answered.
        if (error.errnum != ENOENT && error.errnum != EPROTO) connection_.reset();
        if (error.errnum == EAGAIN) page_.reset();
        return error;
    }
    std::uint64_t generation = 0;
    int fd = -1;
    const int r = signature[0] == 't'
                      ? sd_bus_message_read(answer.message(), signature, &generation, &fd)
                      : sd_bus_message_read(answer.message(), signature, &fd);
    if (r < 0) return Error{"call", method, "mpapid is of another version", EPROTO};
    // The message closes its own.
    Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, kAboveStandard));
    if (!own) return Error{"call", method, kShortage, ENOMEM};
    return own;
}

} // namespace mpapi::plugin
