// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/managed_objects.hpp"

#include "common/system/turn.hpp"
#include "daemon/publish/errors.hpp"
#include "daemon/publish/properties.hpp"

#include <chrono>

namespace mpapi::publish {

namespace {

constexpr auto kSlice = std::chrono::microseconds(1000);

template <typename T>
void append_object(BusWriter& out, const View<T>& view) {
    out.open('e', "oa{sa{sv}}");
    out.path(object_path(view).c_str());
    append_interfaces(out, view);
    out.close();
}

} // namespace

Result<std::unique_ptr<ManagedObjects>> ManagedObjects::create(sd_event* loop, std::size_t limit) {
    std::unique_ptr<ManagedObjects> self(new ManagedObjects(limit));
    sd_event_source* source = nullptr;
    const int r = add_turns(loop, &source, on_loop, self.get());
    if (r < 0) return Error{"add an event source", "", "", -r};
    self->source_.reset(source);
    sd_event_source_set_description(source, "managed-objects");
    return self;
}

void ManagedObjects::answer(sd_bus_message* call, model::SnapshotPtr snapshot, Abandoned abandoned,
                            Deliver deliver) {
    Request request{BusMessage(sd_bus_message_ref(call)),
                    std::move(snapshot),
                    std::move(abandoned),
                    std::move(deliver),
                    nullptr,
                    std::nullopt,
                    0,
                    0};
    if (refused_generation_ != 0 && request.snapshot->generation == refused_generation_)
        return refuse(request);
    requests_.push_back(std::move(request));
    take_turn(source_.get());
}

int ManagedObjects::on_loop(sd_event_source*, std::uint64_t, void* userdata) {
    static_cast<ManagedObjects*>(userdata)->slice();
    return 0;
}

void ManagedObjects::refuse(Request& request) {
    refused_generation_ = request.snapshot->generation;
    error::reply(request.call.get(), error::kTooLarge,
                 "All objects together are more than " + std::to_string(limit_) +
                     " bytes. Use org.mpapi.Multipath1.Manager.Describe (JSON) or GetSnapshot.");
}

bool ManagedObjects::begin(Request& request) {
    sd_bus_message* reply = nullptr;
    if (sd_bus_message_new_method_return(request.call.get(), &reply) < 0) return false;
    request.reply.reset(reply);
    request.out.emplace(reply);
    request.out->open('a', "{oa{sa{sv}}}");
    for_each_outside_units(*request.snapshot,
                           [&](const auto& view) { append_object(*request.out, view); });
    return true;
}

bool ManagedObjects::next_unit(Request& request) {
    const auto& blocks = request.snapshot->units.blocks();
    if (request.block == blocks.size()) return false;
    const auto& block = *blocks[request.block];
    for_each_of_unit(*request.snapshot, *block[request.unit],
                     [&](const auto& view) { append_object(*request.out, view); });
    if (++request.unit == block.size()) ++request.block, request.unit = 0;
    return true;
}

void ManagedObjects::slice() {
    const auto end = std::chrono::steady_clock::now() + kSlice;
    while (!requests_.empty() && std::chrono::steady_clock::now() < end) {
        Request& request = requests_.front();
        if (request.abandoned() || (!request.out && !begin(request))) {
            requests_.pop_front();
            continue;
        }
        const bool fits = request.out->bytes() <= limit_;
        if (fits && request.out->status() == 0 && next_unit(request)) continue;
        // Last, for they change by themselves: what was told of them before is in the answer.
        if (fits && others_) others_(*request.out);
        if (request.out->bytes() > limit_) {
            refuse(request);
        } else {
            request.out->close();
            if (request.out->status() < 0)
                error::reply(request.call.get(), error::kFailed, "The reply could not be built.");
            else
                request.deliver(std::move(request.reply));
        }
        requests_.pop_front();
    }
    if (!requests_.empty()) take_turn(source_.get());
}

} // namespace mpapi::publish
