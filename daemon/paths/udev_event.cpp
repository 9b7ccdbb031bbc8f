// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/udev_event.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace mpapi::paths {

namespace {

constexpr const char* systemd = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
// More than the unit's own limit (TimeoutStartSec=), so that its end is what is seen.
constexpr std::uint64_t patience_us = 60'000'000;

// A name of the kernel's ("sdc", "dm-3"), and nothing that a unit's name or a path would read
// otherwise. The unit takes its instance as it stands (%i), so "-" is no "/" there.
bool is_kernel_name(const std::string& device) {
    return !device.empty() && device.size() < 32 && device.front() != '-' &&
           std::all_of(device.begin(), device.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

} // namespace

UdevEvent::UdevEvent(sd_bus* bus)
  : bus_(bus) {}

void UdevEvent::send(const std::string& device, Ended ended) {
    waiting_.push_back({device, std::move(ended)});
    if (waiting_.size() == 1) start();
}

void UdevEvent::start() {
    const std::string& device = waiting_.front().device;
    unit_ = "mpapi-disk-changed@" + device + ".service";
    job_.clear();
    removed_.clear();
    int r = bus_ == nullptr ? -ENOTCONN : is_kernel_name(device) ? 0 : -EINVAL;
    sd_bus_slot* slot = nullptr;
    if (r >= 0 && !removal_) {
        // The bus sees to it that it is systemd who speaks.
        const auto on_removed = [](sd_bus_message* signal, void* self, sd_bus_error*) {
            static_cast<UdevEvent*>(self)->on_removed(signal);
            return 0;
        };
        r = sd_bus_match_signal_async(bus_, &slot, systemd, manager_path, manager_interface,
                                      "JobRemoved", on_removed, nullptr, this);
        if (r >= 0) removal_.reset(slot);
    }
    sd_bus_message* made = nullptr;
    if (r >= 0)
        r = sd_bus_message_new_method_call(bus_, &made, systemd, manager_path, manager_interface,
                                           "StartUnit");
    const BusMessage call(made);
    if (r >= 0) r = sd_bus_message_append(call.get(), "ss", unit_.c_str(), "replace");
    const auto on_started = [](sd_bus_message* reply, void* self, sd_bus_error*) {
        static_cast<UdevEvent*>(self)->on_started(reply);
        return 0;
    };
    if (r >= 0) r = sd_bus_call_async(bus_, &slot, call.get(), on_started, this, patience_us);
    if (r >= 0) {
        starting_.reset(slot);
        return;
    }
    finish(Error{"start", unit_, "", -r});
}

void UdevEvent::on_started(sd_bus_message* reply) {
    starting_.reset();
    if (const sd_bus_error* error = sd_bus_message_get_error(reply)) {
        finish(Error{"start", unit_, error->message != nullptr ? error->message : error->name,
                     sd_bus_message_get_errno(reply)});
        return;
    }
    const char* job = nullptr;
    if (sd_bus_message_read(reply, "o", &job) < 0) {
        finish(Error{"start", unit_, "systemd's answer is no job", EBADMSG});
        return;
    }
    job_ = job;
    if (const auto ended = removed_.find(job_); ended != removed_.end()) {
        const std::string result = ended->second;
        finish(result == "done" ? Status(Done{})
                                : Error{"run", unit_, "systemd says \"" + result + "\"", EIO});
    }
}

void UdevEvent::on_removed(sd_bus_message* signal) {
    const char *job = nullptr, *unit = nullptr, *result = nullptr;
    std::uint32_t id = 0;
    if (waiting_.empty() || sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result) < 0 ||
        unit_ != unit)
        return;
    if (job_.empty()) {
        removed_[job] = result; // before the answer that names it
        return;
    }
    if (job_ != job) return;
    finish(std::string(result) == "done"
               ? Status(Done{})
               : Error{"run", unit_, "systemd says \"" + std::string(result) + "\"", EIO});
}

// The last thing that its callers do.
void UdevEvent::finish(Status status) {
    const Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    unit_.clear();
    if (!waiting_.empty()) start();
    first.ended(std::move(status));
}

} // namespace mpapi::paths
