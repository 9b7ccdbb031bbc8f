// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Block devices on one another in a sysfs of files.
#pragma once

#include "tests/unit/daemon/kernel/fake_sysfs.hpp"

namespace mpapi::holders::test {

class BlockDevices : public kernel::test::FakeSysfs {
  public:
    void device(const std::string& name, const std::string& number) {
        const std::string block = "devices/virtual/block/" + name;
        folder(block + "/holders");
        attribute(block + "/dev", number + "\n");
        const std::filesystem::path top(root());
        std::filesystem::create_directories(top / "dev/block");
        std::filesystem::create_symlink("../../" + block, top / "class/block" / name);
        std::filesystem::create_symlink("../../" + block, top / "dev/block" / number);
    }
    void map(const std::string& name, const std::string& number, const std::string& map_name,
             const std::string& uuid) {
        device(name, number);
        attribute("devices/virtual/block/" + name + "/dm/name", map_name + "\n");
        attribute("devices/virtual/block/" + name + "/dm/uuid", uuid + "\n");
    }
    void stands_on(const std::string& upper, const std::string& lower) {
        folder("devices/virtual/block/" + lower + "/holders/" + upper);
    }
    // One logical unit, mpatha, 253:0.
    void unit() { map("dm-0", "253:0", "mpatha", "mpath-36001405abc"); }
};

} // namespace mpapi::holders::test
