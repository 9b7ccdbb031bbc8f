// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fault_kinds.hpp"

#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <cerrno>
#include <vector>

namespace mpapi::san {

namespace {

class HostFault {
  public:
    HostFault(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
        const auto index = find_name(fabric_.description.initiators, fault_.initiator);
        if (!index || !fabric_.initiators[*index].host)
            return wrong(fault_.initiator, "this machine has no such initiator", ENOENT);
        Initiator& initiator = fabric_.initiators[*index];
        const bool present = fault_.verb == Verb::HostAdded;
        if (initiator.present == present)
            return wrong(fault_.initiator, present ? "it is there already" : "it is gone already",
                         present ? EEXIST : EINVAL);
        std::vector<std::uint32_t> touched;
        {
            const auto lock = fabric_.stripes.all();
            initiator.present = present;
            for (std::uint32_t i = 0; i < fabric_.paths.size(); ++i) {
                Path& path = fabric_.paths[i];
                if (path.initiator != *index) continue;
                if (present) {
                    scan(fabric_, i);
                } else if (fabric_.has_disk(path)) {
                    fabric_.news.post({Notice::Kind::DiskGone, path.disk});
                    fabric_.remove_disk(i);
                }
                if (touched.empty() || touched.back() != path.unit) touched.push_back(path.unit);
            }
        }
        for (const auto unit : touched)
            review_map(fabric_, unit);
        return Done{};
    }

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        return fault_error(fabric_, fault_, object, std::move(reason), errnum);
    }

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_host_fault(Fabric& fabric, const Fault& fault) {
    return HostFault(fabric, fault).apply();
}

} // namespace mpapi::san
