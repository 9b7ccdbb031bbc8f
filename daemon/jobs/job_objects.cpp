// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/jobs/job_objects.hpp"

#include "common/bus/child_nodes.hpp"
#include "common/bus/held_call.hpp"
#include "common/bus/object_label.hpp"
#include "common/system/clock.hpp"
#include "daemon/publish/errors.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::jobs {

namespace {

namespace error = publish::error;
using publish::BusWriter;

constexpr char kInterface[] = "org.mpapi.Multipath1.Job";
// Calls whose sender is being asked for.
constexpr std::size_t kMostAsking = 64;

struct Property {
    const char* name;
    const char* signature;
    bool changes;
    void (*append)(BusWriter&, const Job&);
    bool (*same)(const Job&, const Job&);
};

constexpr std::array kProperties{
    Property{"Kind", "s", false, [](BusWriter& out, const Job& job) { out.text(job.kind); },
             nullptr},
    Property{"Object", "o", false,
             [](BusWriter& out, const Job& job) { out.path(job.object.c_str()); }, nullptr},
    Property{"State", "s", true,
             [](BusWriter& out, const Job& job) { out.text(name_of(job.state)); },
             [](const Job& a, const Job& b) { return a.state == b.state; }},
    Property{"Progress", "d", true, [](BusWriter& out, const Job& job) { out.real(job.progress); },
             [](const Job& a, const Job& b) { return a.progress == b.progress; }},
    Property{"Stage", "s", true, [](BusWriter& out, const Job& job) { out.text(job.stage); },
             [](const Job& a, const Job& b) { return a.stage == b.stage; }},
    Property{"Error", "s", true, [](BusWriter& out, const Job& job) { out.text(job.error); },
             [](const Job& a, const Job& b) { return a.error == b.error; }},
    Property{"Message", "s", true, [](BusWriter& out, const Job& job) { out.text(job.message); },
             [](const Job& a, const Job& b) { return a.message == b.message; }},
    Property{"Holders", "a(sss)", true,
             [](BusWriter& out, const Job& job) {
                 out.open('a', "(sss)");
                 for (const auto& holder : job.holders) {
                     out.open('r', "sss");
                     out.text(name_of(holder.kind));
                     out.text(holder.name);
                     out.text(holder.detail);
                     out.close();
                 }
                 out.close();
             },
             [](const Job& a, const Job& b) { return a.holders == b.holders; }},
    Property{
        "StartedAt", "t", false,
        [](BusWriter& out, const Job& job) { out.u64(static_cast<std::uint64_t>(job.started_at)); },
        nullptr},
    Property{"User", "u", false, [](BusWriter& out, const Job& job) { out.u32(job.user); },
             nullptr},
};

std::string folder() {
    return std::string(bus::kRoot) + "/job";
}

// The number in ".../job/3", written as object_path() does.
std::optional<std::uint64_t> number_in(std::string_view path) {
    const std::string before = folder() + "/";
    if (!path.starts_with(before)) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + before.size(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || object_path(number) != path)
        return std::nullopt;
    return number;
}

} // namespace

struct JobObjects::Asking {
    JobObjects* self = nullptr;
    BusMessage call;
    std::uint64_t number = 0;
    BusSlot slot;
};

// What sd-bus calls.
struct JobObjects::Calls {
    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) {
        auto* self = static_cast<JobObjects*>(userdata);
        const auto number = number_in(path);
        self->found_ = number ? self->jobs_.find(*number) : nullptr;
        if (!self->found_) return 0;
        *found = self;
        return 1;
    }

    static int get(sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) {
        const auto* self = static_cast<JobObjects*>(userdata);
        for (const auto& property : kProperties) {
            if (std::strcmp(property.name, name) != 0) continue;
            BusWriter out(reply);
            property.append(out, *self->found_);
            return out.status();
        }
        return -ENOENT;
    }

    static int cancel(sd_bus_message* call, void* userdata, sd_bus_error*) {
        auto* self = static_cast<JobObjects*>(userdata);
        self->cancel(call, self->found_->number);
        return 1;
    }

    static int who_told(sd_bus_message* reply, void* userdata, sd_bus_error*) {
        auto* asking = static_cast<Asking*>(userdata);
        JobObjects* self = asking->self;
        const BusMessage call = std::move(asking->call);
        const std::uint64_t number = asking->number;
        self->asking_.remove_if([&](const Asking& each) { return &each == asking; });
        std::uint32_t user = 0;
        if (sd_bus_message_is_method_error(reply, nullptr) ||
            sd_bus_message_read(reply, "u", &user) <= 0)
            error::reply(call.get(), error::kAccessDenied, "The bus does not tell who calls.");
        else
            self->cancel_for(call.get(), number, user);
        return 0;
    }

    static int children(sd_bus*, const char* prefix, void* userdata, char*** nodes, sd_bus_error*) {
        const auto* self = static_cast<JobObjects*>(userdata);
        std::vector<std::string> paths;
        self->jobs_.for_each([&](const Job& job) {
            if (prefix == folder())
                paths.push_back(object_path(job.number));
            else if (prefix == bus::kRoot && paths.empty())
                paths.push_back(folder());
        });
        return bus::give_child_nodes(paths, nodes);
    }

    static int due(sd_event_source*, std::uint64_t, void* userdata) {
        static_cast<JobObjects*>(userdata)->jobs_.pass();
        return 0;
    }

    static const sd_bus_vtable* vtable() {
        static const auto table = [] {
            std::vector<sd_bus_vtable> made;
            made.push_back(SD_BUS_VTABLE_START(0));
            for (const auto& property : kProperties)
                made.push_back(
                    property.changes
                        ? sd_bus_vtable SD_BUS_PROPERTY(property.name, property.signature, get, 0,
                                                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
                        : sd_bus_vtable SD_BUS_PROPERTY(property.name, property.signature, get, 0,
                                                        SD_BUS_VTABLE_PROPERTY_CONST));
            made.push_back(SD_BUS_METHOD_WITH_NAMES("Cancel", "", "", "", "", cancel,
                                                    SD_BUS_VTABLE_UNPRIVILEGED));
            made.push_back(SD_BUS_VTABLE_END);
            return made;
        }();
        return table.data();
    }
};

JobObjects::JobObjects(sd_bus* bus, Jobs& jobs)
  : bus_(bus)
  , jobs_(jobs) {}

JobObjects::~JobObjects() {
    jobs_.set_observer(nullptr);
}

Result<std::unique_ptr<JobObjects>> JobObjects::publish(sd_bus* bus, sd_event* loop, Jobs& jobs) {
    std::unique_ptr<JobObjects> self(new JobObjects(bus, jobs));
    if (auto started = self->start(loop); !started) return std::move(started).error();
    jobs.set_observer(self.get());
    return self;
}

Status JobObjects::start(sd_event* loop) {
    sd_event_source* timer = nullptr;
    int r = sd_event_add_time(loop, &timer, CLOCK_MONOTONIC, 0, 1000, Calls::due, this);
    if (r < 0) return Error{"make a timer", "", "", -r};
    timer_.reset(timer);
    r = sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    if (r < 0) return Error{"set a timer", "", "", -r};
    const std::string root(bus::kRoot);
    sd_bus_slot* slot = nullptr;
    r = sd_bus_add_node_enumerator(bus_, &slot, root.c_str(), Calls::children, this);
    if (r < 0) return Error{"publish objects", folder(), "", -r};
    enumerator_.reset(slot);
    r = sd_bus_add_fallback_vtable(bus_, &slot, root.c_str(), kInterface, Calls::vtable(),
                                   Calls::find, this);
    if (r < 0) return Error{"publish objects", folder(), "", -r};
    objects_.reset(slot);
    return Done{};
}

void JobObjects::append_all(BusWriter& out) const {
    jobs_.for_each([&](const Job& job) {
        out.open('e', "oa{sa{sv}}");
        out.path(object_path(job.number).c_str());
        out.open('a', "{sa{sv}}");
        out.open('e', "sa{sv}");
        out.text(kInterface);
        out.open('a', "{sv}");
        for (const auto& property : kProperties) {
            out.open('e', "sv");
            out.text(property.name);
            out.open('v', property.signature);
            property.append(out, job);
            out.close();
            out.close();
        }
        for (int level = 0; level < 4; ++level)
            out.close();
    });
}

void JobObjects::cancel(sd_bus_message* call, std::uint64_t number) {
    if (asking_.size() >= kMostAsking)
        return error::reply(call, error::kLimitsExceeded, "Too many jobs are being canceled.");
    asking_.push_back({this, bus::hold(call), number, nullptr});
    // sd_bus_query_sender_creds would wait for this same answer.
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_call_method_async(bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "GetConnectionUnixUser", Calls::who_told,
                                 &asking_.back(), "s", sd_bus_message_get_sender(call));
    if (r >= 0) return asking_.back().slot.reset(slot);
    asking_.pop_back();
    error::reply(call, error::kFailed, "The bus could not be asked who calls.");
}

void JobObjects::cancel_for(sd_bus_message* call, std::uint64_t number, uid_t user) {
    const auto canceled = jobs_.cancel(number, user);
    if (canceled) {
        sd_bus_reply_method_return(call, "");
    } else if (canceled.error().errnum == EACCES) {
        error::reply(call, error::kAccessDenied,
                     "Only root and the user who started the job may cancel it.");
    } else {
        error::reply(call, error::kObjectNotFound, "The job is gone.");
    }
}

void JobObjects::job_added(const Job& job) {
    sd_bus_emit_interfaces_added(bus_, object_path(job.number).c_str(), kInterface, nullptr);
}

void JobObjects::job_changed(const Job& before, const Job& after) {
    std::vector<char*> names;
    for (const auto& property : kProperties)
        if (property.changes && !property.same(before, after))
            names.push_back(const_cast<char*>(property.name));
    if (names.empty()) return;
    names.push_back(nullptr);
    sd_bus_emit_properties_changed_strv(bus_, object_path(after.number).c_str(), kInterface,
                                        names.data());
}

void JobObjects::job_removed(const Job& job) {
    sd_bus_emit_interfaces_removed(bus_, object_path(job.number).c_str(), kInterface, nullptr);
}

void JobObjects::due_at(std::optional<Jobs::Clock::time_point> when) {
    if (when) sd_event_source_set_time(timer_.get(), to_usec(*when));
    sd_event_source_set_enabled(timer_.get(), when ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

} // namespace mpapi::jobs
