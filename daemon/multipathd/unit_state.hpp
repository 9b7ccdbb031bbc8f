// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Follows the ActiveState of multipathd.service on the bus, without starting anything: multipathd's
// socket is activated, so its state must be known before anybody connects.
//
// org.freedesktop.systemd1(5): Manager.Subscribe makes systemd send signals; the unit's object
// sends PropertiesChanged. A signal is taken only as a reason to ask again, for on the system bus
// any client may send one that looks like systemd's. One question is under way at a time.
//
// Everything on the thread of the bus's loop.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace mpapi::multipathd {

enum class ActiveState : std::uint8_t {
    Unknown, // `reason` says why
    Active,
    Reloading,
    Inactive,
    Failed,
    Activating,
    Deactivating,
};

// "active", "inactive"... as systemd says; "unknown".
std::string_view to_string(ActiveState state) noexcept;

struct UnitStatus {
    ActiveState state = ActiveState::Unknown;
    std::string reason; // why Unknown; empty otherwise

    // Whether one may connect: the process is there and no request will start it.
    bool runs() const noexcept {
        return state == ActiveState::Active || state == ActiveState::Reloading;
    }
    bool operator==(const UnitStatus&) const = default;
};

class UnitState {
  public:
    using Changed = std::function<void(const UnitStatus&)>;

    // `bus` must be attached to a loop and outlive this; null: there is no bus, the state stays
    // unknown. `changed` is called from the loop after each change, never from within here; it must
    // not destroy this.
    UnitState(sd_bus* bus, Changed changed, std::string unit = "multipathd.service");
    UnitState(const UnitState&) = delete;
    UnitState& operator=(const UnitState&) = delete;

    const UnitStatus& status() const noexcept { return status_; }

    // Asks systemd now and calls `then` when it has answered a question asked after this call; what
    // is new in its answer is told before. For who is about to connect: signals lag behind, and a
    // connection that a stopping multipathd does not take starts it again. A later call takes the
    // place of one that waits.
    void confirm(std::function<void()> then);

    // `stirred` is called from the loop when something is told of the unit, whether or not its
    // state is another then. Under the same terms as `changed`; anybody may send such a signal.
    void set_stirred(std::function<void()> stirred) { stirred_ = std::move(stirred); }

  private:
    Status follow();
    Status call(BusSlot& slot, const char* path, const char* interface, const char* method,
                sd_bus_message_handler_t handler, const char* property);
    void subscribe();
    void ask();
    void on_state(sd_bus_message* reply);
    void set(UnitStatus status);

    sd_bus* bus_;
    Changed changed_;
    std::function<void()> stirred_;
    std::function<void()> confirmed_;
    std::string unit_;
    std::string path_;
    UnitStatus status_;
    bool ask_again_ = false;
    BusSlot properties_changed_;
    BusSlot owner_changed_;
    BusSlot disconnected_;
    BusSlot subscribing_;
    BusSlot asking_;
};

} // namespace mpapi::multipathd
