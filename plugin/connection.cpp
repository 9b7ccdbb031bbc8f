// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace mpapi::plugin {

namespace {

using std::chrono::microseconds;

const char* bus_address() {
    const char* address = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return address ? address : "unix:path=/run/dbus/system_bus_socket";
}

CallError failure(int error) {
    sd_bus_error told{};
    sd_bus_error_set_errno(&told, error);
    CallError result{told.name ? told.name : SD_BUS_ERROR_FAILED, told.message ? told.message : ""};
    sd_bus_error_free(&told);
    return result;
}

std::uint64_t monotonic_now() { // the clock of sd_bus_get_timeout()
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

bool is_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&one, 1, 0) > 0;
}

struct Awaited {
    BusMessage answer;

    static int arrived(sd_bus_message* message, void* self, sd_bus_error*) {
        static_cast<Awaited*>(self)->answer.reset(sd_bus_message_ref(message));
        return 1;
    }
};

} // namespace

Result<std::unique_ptr<Connection>> Connection::open(Wait wait) {
    auto failed = [](int r) { return Error{"connect to", "bus", "", -r}; };
    sd_bus* raw = nullptr;
    int r = sd_bus_new(&raw);
    if (r < 0) return failed(r);
    Bus bus(raw);
    if ((r = sd_bus_set_address(raw, bus_address())) < 0 ||
        (r = sd_bus_set_bus_client(raw, true)) < 0 || (r = sd_bus_negotiate_fds(raw, true)) < 0 ||
        (r = sd_bus_set_watch_bind(raw, wait == Wait::ForBus)) < 0 || (r = sd_bus_start(raw)) < 0)
        return failed(r);
    std::unique_ptr<Connection> self(new Connection(std::move(bus)));
    self->note_descriptor();
    return self;
}

Result<BusMessage> Connection::new_call(const char* path, const char* interface,
                                        const char* method) const {
    sd_bus_message* raw = nullptr;
    int r =
        sd_bus_message_new_method_call(bus_.get(), &raw, bus::kBusName, path, interface, method);
    BusMessage message(raw);
    if (r >= 0) r = sd_bus_message_set_auto_start(raw, false);
    if (r < 0) return Error{"call", method, "", -r};
    return message;
}

Answer Connection::call(const BusMessage& message, microseconds patience, int stop) {
    Awaited awaited;
    sd_bus_slot* raw = nullptr;
    const int r = sd_bus_call_async(bus_.get(), &raw, message.get(), Awaited::arrived, &awaited,
                                    static_cast<std::uint64_t>(patience.count()));
    if (r < 0) return failure(-r);
    const BusSlot slot(raw);
    // libsystemd counts from when the bus has let us in, which one that hangs never does.
    const std::uint64_t until = monotonic_now() + static_cast<std::uint64_t>(patience.count());
    while (!awaited.answer) {
        if (!process()) {
            if (awaited.answer) break;
            return failure(broken_);
        }
        if (awaited.answer) break;
        if (is_readable(stop)) return failure(EINTR);
        const std::uint64_t now = monotonic_now();
        if (now >= until) return failure(ETIMEDOUT);
        wait(stop, microseconds(until - now));
    }
    if (const sd_bus_error* error = sd_bus_message_get_error(awaited.answer.get()))
        return CallError{error->name ? error->name : "", error->message ? error->message : ""};
    return std::move(awaited.answer);
}

bool Connection::process() {
    for (;;) {
        const int r = sd_bus_process(bus_.get(), nullptr);
        if (r < 0) {
            broken_ = -r;
            return false;
        }
        if (r == 0) break;
    }
    return note_descriptor();
}

// It is another one when a bus that was waited for is there.
bool Connection::note_descriptor() {
    const int fd = sd_bus_get_fd(bus_.get());
    if (fd == fd_) return fd >= 0;
    inherited_.reset();
    fd_ = fd;
    if (fd >= 0) inherited_.emplace(fd);
    return fd >= 0;
}

void Connection::wait(int stop, std::optional<microseconds> time) {
    const int events = sd_bus_get_events(bus_.get());
    const int fd = sd_bus_get_fd(bus_.get());
    if (events < 0 || fd < 0) return;
    std::uint64_t until = UINT64_MAX;
    sd_bus_get_timeout(bus_.get(), &until);
    const std::uint64_t now = monotonic_now();
    if (time) until = std::min(until, now + static_cast<std::uint64_t>(time->count()));
    timespec left{};
    if (until != UINT64_MAX) {
        const std::uint64_t usec = until > now ? until - now : 0;
        left.tv_sec = static_cast<time_t>(usec / 1'000'000);
        left.tv_nsec = static_cast<long>(usec % 1'000'000 * 1'000);
    }
    pollfd both[] = {{fd, static_cast<short>(events), 0}, {stop, POLLIN, 0}};
    ::ppoll(both, stop < 0 ? 1 : 2, until == UINT64_MAX ? nullptr : &left, nullptr);
}

} // namespace mpapi::plugin
