// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Changes as they happen. Plugins tell which objects have changed; what has changed comes from
// comparing them with what was known. A plugin that no longer answers, because the daemon behind it
// has gone, is told and looked at again until it does.
//
// Signals keep what they do by default, or were told to do: so they end this whatever it waits for,
// a reader or a plugin, and do not when they are ignored, as under nohup(1).
#include "cli/book.hpp"
#include "cli/commands.hpp"
#include "cli/descriptor.hpp"
#include "cli/find.hpp"
#include "cli/inbox.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string>
#include <utility>

namespace mpapi::cli {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr int look_again_ms = 2000;

// RFC 3339, local, to the millisecond.
std::string stamp_of(Time time) {
    using std::chrono::milliseconds;
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    const auto since = std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
    std::tm local{};
    ::localtime_r(&seconds, &local);
    char date[32];
    char text[64];
    std::strftime(date, sizeof date, "%FT%T", &local);
    const long east = local.tm_gmtoff / 60;
    std::snprintf(text, sizeof text, "%s.%03d%c%02ld:%02ld", date, static_cast<int>(since % 1000),
                  east < 0 ? '-' : '+', std::labs(east) / 60, std::labs(east) % 60);
    return text;
}

std::string line_of(const Event& event) {
    std::string line = event.time + ' ' + std::string(event.type) + ' ';
    if (!event.logical_unit.empty()) line += printable(event.logical_unit) + ' ';
    line += printable(event.object) + ' ' + std::string(event.what);
    const char* separator = ": ";
    for (const Event::Change& change : event.changes) {
        line += std::exchange(separator, ", ") + std::string(change.property) + ' ' +
                printable(text_of(change.from)) + " -> " + printable(text_of(change.to));
    }
    for (const Field& each : event.details)
        line += std::exchange(separator, ", ") + std::string(each.name) + ' ' +
                printable(text_of(each.value));
    return line + '\n';
}

class Watch {
  public:
    Watch(const Command& command, Report& report, const std::vector<Plugin>& plugins, int wake)
      : json_(command.json)
      , report_(report)
      , inbox_(wake) {
        for (const Plugin& plugin : plugins)
            watched_.push_back({plugin});
    }

    bool listen();
    void look_at_all();
    void tell_what_came();
    bool told() const { return std::fflush(stdout) == 0; }

  private:
    struct Watched {
        Plugin plugin;
        bool reachable = true;
        bool begun = false;
        MP_STATUS registration = MP_STATUS_TRY_AGAIN;
        bool refusal_told = false;

        bool registered() const { return registration == MP_STATUS_SUCCESS; }
        bool silent() const { return registration == MP_STATUS_UNSUPPORTED; } // it cannot tell any
    };

    bool listen_to(Watched& each);
    void tell_refusal(Watched& each);
    void look_at(Watched& each);
    void begin(Watched& each);
    void tell(Event event, Time time);
    Event about(const Watched& each, std::string_view what) const {
        Event event;
        event.what = what;
        event.type = name_of(MP_OBJECT_TYPE_PLUGIN).token;
        event.object = event.plugin = each.plugin.file_name;
        return event;
    }

    bool json_;
    Report& report_;
    std::vector<Watched> watched_;
    Book book_;
    Inbox inbox_;
};

// A plugin whose daemon is not there may refuse: it is asked again when it answers. Returns whether
// there is one that can tell changes at all.
bool Watch::listen() {
    bool any = false;
    for (Watched& each : watched_)
        any = listen_to(each) || any;
    if (!any) report_.failed("Unable to be told changes: unsupported", MP_STATUS_UNSUPPORTED);
    return any;
}

bool Watch::listen_to(Watched& each) {
    if (each.registered() || each.silent()) return !each.silent();
    each.registration = inbox_.register_with(each.plugin.oid);
    if (each.silent()) report_.note(each.plugin.file_name + " cannot tell changes");
    return !each.silent();
}

// Of a plugin that answers, but refuses to be registered with.
void Watch::tell_refusal(Watched& each) {
    if (each.registered() || each.silent() || std::exchange(each.refusal_told, true)) return;
    report_.note(each.plugin.file_name + " does not tell changes (" +
                 std::string(name_of(each.registration).text) + "); it is looked at every " +
                 std::to_string(look_again_ms / 1000) + " seconds until it does");
}

void Watch::tell(Event event, Time time) {
    event.time = stamp_of(time);
    write_out(json_ ? json_of(event) + '\n' : line_of(event));
}

void Watch::begin(Watched& each) {
    const Book::Size size = book_.size(each.plugin);
    Event event = about(each, "watched");
    event.details = {{"logicalUnits", std::uint64_t{size.units}},
                     {"paths", std::uint64_t{size.paths}}};
    each.begun = true;
    tell(std::move(event), std::chrono::system_clock::now());
}

// Whether it answers; after an interval in which it did not, everything may have changed.
void Watch::look_at(Watched& each) {
    const auto now = std::chrono::system_clock::now();
    if (each.reachable && each.begun && (each.registered() || each.silent())) {
        const auto answer = initiator_port_oids(each.plugin.oid);
        if (answer || answer.status() == MP_STATUS_UNSUPPORTED) return;
    }
    listen_to(each); // first: what changes while it is looked at is told then
    const auto events = book_.take_in(each.plugin);
    if (!events) {
        if (!std::exchange(each.reachable, false)) return;
        Event event = about(each, "unreachable");
        event.details = {{"status", std::string(name_of(events.status()).token)}};
        tell(std::move(event), now);
        const auto plugin = read_plugin(each.plugin.oid);
        if (const auto step = plugin ? next_step(*plugin) : std::string(); !step.empty())
            report_.note(step);
        return;
    }
    tell_refusal(each);
    if (!std::exchange(each.reachable, true)) tell(about(each, "reachable"), now);
    if (!each.begun) return begin(each);
    for (const Event& event : *events)
        tell(event, now);
}

void Watch::look_at_all() {
    for (Watched& each : watched_)
        look_at(each);
}

void Watch::tell_what_came() {
    for (const Inbox::Told& told : inbox_.take()) {
        auto event = told.what == Inbox::What::Disappeared ? book_.remove(told.oid)
                                                           : book_.look_at(told.oid);
        if (event) tell(*std::move(event), told.time);
    }
}

} // namespace

void watch(const Command& command, Report& report) {
    // What is opened next would take its place.
    if (::fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return report.failed("Unable to write the output: " + std::string(std::strerror(errno)));
    const Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (wake.get() < 0)
        return report.failed("Unable to wait for changes: " + std::string(std::strerror(errno)));
    const auto plugins = all_plugins(report);
    if (plugins.empty()) return;
    Watch watch(command, report, plugins, wake.get());
    if (!watch.listen()) return;
    for (;;) {
        watch.look_at_all();
        watch.tell_what_came();
        if (!watch.told()) return;
        // A closed pipe is noticed also while nothing changes.
        pollfd waits[] = {{wake.get(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
        if (::poll(waits, std::size(waits), look_again_ms) < 0 && errno != EINTR)
            return report.failed("Unable to wait for changes: " +
                                 std::string(std::strerror(errno)));
        if (waits[1].revents != 0) return;
    }
}

} // namespace mpapi::cli
