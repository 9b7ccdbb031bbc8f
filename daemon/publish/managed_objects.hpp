// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GetManagedObjects, answered from one snapshot. The reply can be large and sd-bus can only build
// it on the loop's thread, so it is built in slices between which the loop serves others, one
// caller after the other. Above a limit it is refused: a message that exceeds a limit of the bus
// would cost the daemon its connection, and a client that wants that much is better served by
// GetSnapshot.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/publish/bus_writer.hpp"
#include "daemon/publish/view.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace mpapi::publish {

class ManagedObjects {
  public:
    // `limit` is the largest reply in bytes.
    static Result<std::unique_ptr<ManagedObjects>> create(sd_event* loop, std::size_t limit);
    ManagedObjects(const ManagedObjects&) = delete;
    ManagedObjects& operator=(const ManagedObjects&) = delete;

    // Objects that are no part of the model, as entries of a{oa{sa{sv}}}; few.
    using Others = std::function<void(BusWriter&)>;
    void also(Others others) { others_ = std::move(others); }

    using Abandoned = std::function<bool()>;
    using Deliver = std::function<void(BusMessage reply)>;

    // Hands a reply to `deliver`, or answers with an error by itself. Nothing where the call was
    // abandoned meanwhile.
    void answer(sd_bus_message* call, model::SnapshotPtr snapshot, Abandoned abandoned,
                Deliver deliver);

  private:
    struct Request {
        BusMessage call;
        model::SnapshotPtr snapshot;
        Abandoned abandoned;
        Deliver deliver;
        BusMessage reply;
        std::optional<BusWriter> out;
        std::size_t block = 0;
        std::size_t unit = 0;
    };

    explicit ManagedObjects(std::size_t limit)
      : limit_(limit) {}

    static int on_loop(sd_event_source*, std::uint64_t, void* userdata);
    void slice();
    bool begin(Request& request);
    bool next_unit(Request& request);
    void refuse(Request& request);

    std::size_t limit_;
    Others others_;
    EventSource source_;
    std::deque<Request> requests_;
    // Where a reply was found to be too large: the same question again costs nothing.
    std::uint64_t refused_generation_ = 0;
};

} // namespace mpapi::publish
