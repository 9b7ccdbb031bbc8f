// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Jobs as objects on the bus: one fallback vtable and one node enumerator beside those of the model
// (publish/objects.hpp), which has the object manager. What the members mean is told in
// dbus/org.mpapi.Multipath1.xml.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/jobs/jobs.hpp"
#include "daemon/publish/bus_writer.hpp"

#include <list>
#include <memory>

namespace mpapi::jobs {

class JobObjects final : private JobsObserver {
  public:
    // Bus, loop and jobs outlive this; the bus is attached to the loop. Observes the jobs.
    static Result<std::unique_ptr<JobObjects>> publish(sd_bus* bus, sd_event* loop, Jobs& jobs);
    ~JobObjects();
    JobObjects(const JobObjects&) = delete;
    JobObjects& operator=(const JobObjects&) = delete;

    // The entries of a{oa{sa{sv}}}.
    void append_all(publish::BusWriter& out) const;

  private:
    struct Calls;
    friend struct Calls;
    struct Asking;

    JobObjects(sd_bus* bus, Jobs& jobs);
    Status start(sd_event* loop);
    void cancel(sd_bus_message* call, std::uint64_t number);
    void cancel_for(sd_bus_message* call, std::uint64_t number, uid_t user);

    void job_added(const Job& job) override;
    void job_changed(const Job& before, const Job& after) override;
    void job_removed(const Job& job) override;
    void due_at(std::optional<Jobs::Clock::time_point> when) override;

    sd_bus* bus_;
    Jobs& jobs_;
    const Job* found_ = nullptr; // for the call of sd-bus under way
    std::list<Asking> asking_;   // the bus, who calls
    EventSource timer_;
    BusSlot enumerator_;
    BusSlot objects_;
};

} // namespace mpapi::jobs
