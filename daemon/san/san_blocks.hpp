// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Block I/O on the embedded SAN: READ (16) and WRITE (16) through the paths of a map, one after the
// other until one serves, as the kernel's multipath target does; so reservations count for each I_T
// nexus. A map is in use where the faults map_held and map_is_system say so.
#pragma once

#include "daemon/block_hardware.hpp"
#include "daemon/san/san.hpp"

namespace mpapi::san {

class SanBlocks final : public daemon::BlockHardware {
  public:
    explicit SanBlocks(San& san)
      : san_(san) {}

    Result<std::unique_ptr<daemon::BlockDevice>> open(const daemon::BlockRef& ref,
                                                      const std::vector<daemon::BlockRef>& paths,
                                                      daemon::BlockAccess access) override;
    Result<daemon::BlockUse> use(const daemon::BlockRef& ref) override;

  private:
    San& san_;
};

} // namespace mpapi::san
