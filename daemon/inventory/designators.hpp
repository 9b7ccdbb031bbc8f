// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which maps lead to which logical units, by VPD 83h designator. A map leads to the unit that it
// was made of (its unit name) and to whatever any of its paths says it is: a LUN that was given to
// something else makes two maps lead to one unit although they are named after two. Two maps that
// have one designator in common are duplicates of each other, both.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mpapi::daemon {

struct MapRecord;

class Designators {
  public:
    // Takes in where `map` leads now and settles its flag. Returns the other maps whose flag has
    // become another one by that. Costs what differs from before, however many share a designator.
    std::vector<MapRecord*> update(MapRecord& map);
    // The same for a map that has ended.
    std::vector<MapRecord*> forget(MapRecord& map) { return replace(map, {}); }

  private:
    std::vector<MapRecord*> replace(MapRecord& map, std::vector<std::string> designators);
    bool shared(const MapRecord& map) const;

    std::unordered_map<std::string, std::unordered_set<MapRecord*>> maps_;
};

} // namespace mpapi::daemon
