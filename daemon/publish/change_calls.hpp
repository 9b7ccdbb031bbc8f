// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A call of a changing method from its arrival to its answer: may the caller, is the object still
// there, who makes it, how did it end. Each that was allowed is an entry of the journal.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/senders.hpp"
#include "daemon/paths/changer.hpp"
#include "daemon/publish/change_methods.hpp"
#include "daemon/publish/index.hpp"
#include "daemon/publish/journal.hpp"

#include <functional>
#include <memory>
#include <string>

namespace mpapi::publish {

class ChangeCalls {
  public:
    using Current = std::function<model::SnapshotPtr()>;

    // All references outlive this.
    ChangeCalls(bus::Gatekeeper& gatekeeper, Current current, const Index& index,
                paths::Changer& changer, Journal::Sink sink)
      : gatekeeper_(gatekeeper)
      , current_(std::move(current))
      , index_(index)
      , changer_(changer)
      , sink_(std::move(sink)) {}
    ChangeCalls(const ChangeCalls&) = delete;
    ChangeCalls& operator=(const ChangeCalls&) = delete;

    // `object` is what the call's path led to when it came.
    void take(sd_bus_message* call, bus::Senders::Call admitted, const ChangeMethod& method,
              const AnyView& object);

  private:
    struct Call;

    void allowed(const std::shared_ptr<Call>& call);
    void request(const std::shared_ptr<Call>& call, paths::Request request);
    void override_with(const std::shared_ptr<Call>& call, const OverrideWith& wanted);
    void set_access(const std::shared_ptr<Call>& call, const SetAccess& wanted);
    void remove(const std::shared_ptr<Call>& call);
    void end(const std::shared_ptr<Call>& call, const paths::Outcome& outcome);
    void record(const Call& call, const std::string& result) const;

    bus::Gatekeeper& gatekeeper_;
    Current current_;
    const Index& index_;
    paths::Changer& changer_;
    Journal::Sink sink_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  public:
    ~ChangeCalls() { *alive_ = false; }
};

} // namespace mpapi::publish
