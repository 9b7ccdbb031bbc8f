// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All objects on the bus, served from the current snapshot: one fallback vtable for each interface
// and one node enumerator, so that an object costs nothing beyond the model. sd-bus asks for an
// object by its path (find) and reads properties of what was found before it asks for another.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/publish/change_methods.hpp"
#include "daemon/publish/index.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace mpapi::publish {

// The methods that objects have. They answer by themselves, at once or later; the call is a
// reference that may be kept.
class Methods {
  public:
    virtual void get_snapshot(sd_bus_message* call) = 0;
    virtual void metrics(sd_bus_message* call) = 0;
    virtual void get_generation_page(sd_bus_message* call) = 0;
    virtual void get_changes(sd_bus_message* call, std::uint64_t instance, std::uint64_t since) = 0;
    virtual void describe(sd_bus_message* call) = 0; // its a{sv} is still to be read
    virtual void settled(sd_bus_message* call, std::uint64_t timeout_usec) = 0;
    virtual void refresh(sd_bus_message* call, const model::Unit* unit) = 0; // null: all
    virtual void get_managed_objects(sd_bus_message* call) = 0;
    // Its arguments are still to be read.
    virtual void change(sd_bus_message* call, const ChangeMethod& method,
                        const AnyView& object) = 0;

  protected:
    ~Methods() = default;
};

class Objects {
  public:
    // The current snapshot, for as long as one call of sd-bus lasts.
    using Current = std::function<const model::Snapshot&()>;

    static Result<std::unique_ptr<Objects>> publish(sd_bus* bus, Current current,
                                                    const Index& index, Methods& methods);
    ~Objects();
    Objects(const Objects&) = delete;
    Objects& operator=(const Objects&) = delete;

  private:
    template <typename T>
    struct Served;
    struct Calls;
    friend struct Calls;

    Objects(Current current, const Index& index, Methods& methods);
    Status add(sd_bus* bus);
    AnyView find(const char* path) const { return index_.find(current_(), path); }

    Current current_;
    const Index& index_;
    Methods& methods_;
    std::vector<std::shared_ptr<void>> served_;
    std::vector<BusSlot> slots_; // after served_: gone before what they point to
};

} // namespace mpapi::publish
