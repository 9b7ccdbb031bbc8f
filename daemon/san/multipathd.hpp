// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The embedded SAN's multipathd as the path manager: where the machine has one (maps.hpp), it keeps
// the maps as it is told here. It obeys at once and forgets nothing while the process lives.
//
// Disabled paths are in no table, whatever disks come and go. An override path has a group of its
// own, the first, which is in use as long as the path works; else the others are. Failback that is
// off leaves the group in use; with a rate the best group is in use again so long after it can be.
// Probing that is off reinstates no path; a table that is loaded begins anew, as in the kernel.
// Nothing here polls, so a probing rate is kept and shown, and that is all.
#pragma once

#include "daemon/paths/path_manager.hpp"
#include "daemon/san/san.hpp"

#include <optional>
#include <string>

namespace mpapi::san {

class Multipathd final : public paths::PathManager {
  public:
    // The SAN outlives it and has a loop, and a machine with multipathd.
    explicit Multipathd(San& san)
      : san_(san) {}

    model::Capabilities capabilities() const override;
    model::Upkeep upkeep(const model::LogicalUnit* unit) const override;
    std::string default_selector() const override;
    std::optional<paths::Refused> check(const paths::Intents& before,
                                        const paths::Intents& wanted) const override;
    void pursue(const paths::Intents& before, const paths::Intents& wanted,
                paths::Ended ended) override;
    void resume(const paths::Intents& kept, paths::Ended ended) override;
    void remove(const model::LogicalUnit& unit, paths::Ended ended) override;

  private:
    void obey(const paths::Intents& wanted);
    Upkeep upkeep_for(const paths::Settings& settings) const;

    San& san_;
    paths::Intents obeyed_;
};

} // namespace mpapi::san
