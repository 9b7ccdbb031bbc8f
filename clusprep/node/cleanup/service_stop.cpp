// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/cleanup/service_stop.hpp"

#include "common/system/handle.hpp"

#include <cerrno>
#include <map>
#include <string_view>

namespace mpapi::node {

namespace {

constexpr char kSystemd[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr std::size_t kMostEarly = 256; // jobs that ended before we knew which is ours

} // namespace

struct ServiceStop::Stop {
    ServiceStop& owner;
    std::string unit;
    bool wait = true;
    Then then;
    BusSlot match, call;
    std::string job; // its object, once it is known
    std::map<std::string, std::string> early;

    Status ended(std::string_view result) const {
        // systemd.exec: a job for a unit that does not run is done at once.
        if (result == "done" || result == "skipped") return Done{};
        return Error{"stop", unit, "systemd says: " + std::string(result)};
    }
};

ServiceStop::ServiceStop(sd_bus* bus)
  : bus_(bus) {}

ServiceStop::~ServiceStop() = default;

void ServiceStop::stop(const std::string& unit, bool wait, Then then) {
    Stop& stop = stops_.emplace_back(Stop{*this, unit, wait, std::move(then), {}, {}, {}, {}});
    // The signal is waited for before the job is begun, and systemd sends signals to those who
    // subscribed only.
    sd_bus_slot* slot = nullptr;
    int r = sd_bus_match_signal_async(bus_, &slot, kSystemd, kPath, kManager, "JobRemoved", removed,
                                      nullptr, &stop);
    if (r >= 0) stop.match.reset(slot);
    if (r >= 0)
        r = sd_bus_call_method_async(bus_, &slot, kSystemd, kPath, kManager, "Subscribe",
                                     subscribed, &stop, nullptr);
    if (r < 0) return end(stop, Error{"stop", unit, "", -r});
    stop.call.reset(slot);
}

int ServiceStop::subscribed(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Stop& stop = *static_cast<Stop*>(userdata);
    // A connection that had subscribed before is told so, which is as good.
    if (sd_bus_message_is_method_error(reply, nullptr) &&
        !sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.AlreadySubscribed")) {
        const Error error{"stop", stop.unit, sd_bus_message_get_error(reply)->message};
        stop.owner.end(stop, error);
        return 0;
    }
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_call_method_async(stop.owner.bus_, &slot, kSystemd, kPath, kManager, "StopUnit",
                                 begun, &stop, "ss", stop.unit.c_str(), "replace");
    if (r < 0)
        stop.owner.end(stop, Error{"stop", stop.unit, "", -r});
    else
        stop.call.reset(slot);
    return 0;
}

int ServiceStop::begun(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Stop& stop = *static_cast<Stop*>(userdata);
    const auto ended = [&stop](Status how) {
        stop.owner.end(stop, std::move(how));
        return 0;
    };
    if (sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.NoSuchUnit"))
        return ended(Done{});
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        const sd_bus_error* said = sd_bus_message_get_error(reply);
        return ended(Error{"stop", stop.unit, said->message ? said->message : said->name});
    }
    const char* job = nullptr;
    if (sd_bus_message_read(reply, "o", &job) <= 0)
        return ended(Error{"stop", stop.unit, "systemd gave an answer that is none"});
    if (!stop.wait) return ended(Done{});
    if (const auto early = stop.early.find(job); early != stop.early.end())
        return ended(stop.ended(early->second));
    stop.job = job;
    return 0;
}

int ServiceStop::removed(sd_bus_message* signal, void* userdata, sd_bus_error*) {
    Stop& stop = *static_cast<Stop*>(userdata);
    const char* job = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(signal, "uoss", nullptr, &job, &unit, &result) <= 0) return 0;
    if (stop.job.empty() && stop.early.size() < kMostEarly && stop.unit == unit)
        stop.early.emplace(job, result);
    else if (stop.job == job)
        stop.owner.end(stop, stop.ended(result));
    return 0;
}

void ServiceStop::end(Stop& stop, Status status) {
    const Then then = std::move(stop.then);
    stops_.remove_if([&](const Stop& each) { return &each == &stop; });
    then(std::move(status));
}

} // namespace mpapi::node
