// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Jobs over holders and a path manager that a test commands.
#pragma once

#include "common/system/clock.hpp"
#include "daemon/jobs/job_objects.hpp"
#include "daemon/jobs/jobs.hpp"

#include <cstdio>
#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::test {

class FakeJobs final : public holders::Lookup {
  public:
    // `vanish` takes a unit out of the model.
    FakeJobs(const daemon::ModelSource& model, std::function<void(model::Sequence)> vanish)
      : model_(model)
      , jobs(model, *this,
             [vanish = std::move(vanish)](const model::LogicalUnit& unit, paths::Ended ended) {
                 vanish(unit.id);
                 ended(paths::Made{});
             },
             {jobs::Jobs::Clock::now, now_realtime}) {}

    void look(model::DeviceNumber map, Answer answer) override { answer({held_[map], {}, ""}); }
    std::shared_ptr<void> watch(std::function<void()> changed) override {
        auto kept = std::make_shared<std::function<void()>>(std::move(changed));
        watches_.push_back(kept);
        return kept;
    }

    // "removal UNIT WAIT USER" says "job PATH"; "hold UNIT NAME"; "free UNIT". Returns what is
    // wrong.
    std::string obey(const std::string& verb, std::istream& words) {
        model::Sequence id = 0;
        words >> id;
        const auto snapshot = model_.snapshot();
        const auto* unit = snapshot->units.find(id);
        if (!unit) return "no such unit";
        if (verb == "removal") {
            std::uint64_t wait = 0;
            uid_t user = 0;
            words >> wait >> user;
            const auto path = jobs.start_removal(unit->unit, user, std::chrono::microseconds(wait));
            if (!path) return path.error().message();
            std::printf("job %s\n", path->c_str());
        } else if (verb == "hold") {
            std::string name;
            words >> name;
            held_[unit->unit.number] = {{holders::Kind::Mount, name, "xfs", "unmount " + name}};
        } else {
            held_.erase(unit->unit.number);
            for (const auto& each : watches_)
                if (const auto changed = each.lock()) (*changed)();
        }
        return "";
    }

  private:
    const daemon::ModelSource& model_;
    std::map<model::DeviceNumber, std::vector<holders::Holder>> held_;
    std::vector<std::weak_ptr<std::function<void()>>> watches_;

  public:
    jobs::Jobs jobs; // after what it looks at
};

} // namespace mpapi::test
