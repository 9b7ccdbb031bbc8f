// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From object paths to objects. Of all that is published only the keys of units, disks and ports
// are kept here; the rest is found in the snapshot itself.
#pragma once

#include "common/model/diff.hpp"
#include "daemon/publish/view.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mpapi::publish {

class Index {
  public:
    explicit Index(const model::Snapshot& snapshot);

    void apply(const std::vector<model::Event>& events);

    // The object at this path, std::monostate where there is none. `snapshot` is the one that the
    // index was made of or brought to.
    AnyView find(const model::Snapshot& snapshot, std::string_view path) const;

    // The direct children of this path, as whole object paths.
    std::vector<std::string> children(const model::Snapshot& snapshot, std::string_view path) const;

    const model::Unit* unit_with_key(const model::Snapshot& snapshot, const std::string& key) const;

  private:
    using Keys = std::unordered_map<std::string, model::Sequence>;

    static void put(Keys& keys, const std::string& key, model::Sequence id);
    static void drop(Keys& keys, const std::string& key, model::Sequence id);

    template <typename T>
    void update(Keys& keys, std::string T::*key, const model::Difference<T>& change);

    Keys units_;
    Keys disks_;
    Keys initiator_ports_;
    Keys target_ports_;
};

} // namespace mpapi::publish
