// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sysfs with disks on several adapters.
#pragma once

#include "tests/unit/daemon/kernel/fake_sysfs.hpp"

namespace mpapi::disks {

class AttachedDisks : public kernel::test::FakeSysfs {
  public:
    // `parent` is what the disk hangs from, "devices/pci0000:00/0000:00:05.0/virtio2/block".
    void attach(const std::string& name, const std::string& number, const std::string& parent) {
        const std::string block = parent + "/" + name;
        folder(block + "/holders");
        folder(block + "/slaves");
        attribute(block + "/dev", number + "\n");
        attribute(block + "/size", "32768\n");
        attribute(block + "/ro", "0\n");
        const std::filesystem::path top(root());
        std::filesystem::create_directories(top / "dev/block");
        std::filesystem::create_symlink("../../" + block, top / "class/block" / name);
        std::filesystem::create_symlink("../../" + block, top / "dev/block" / number);
        folder_ = block;
    }
    // Of the last one.
    void has(const std::string& name, const std::string& content) {
        attribute(folder_ + "/" + name, content + "\n");
    }
    void device_is(const std::string& target) {
        std::filesystem::create_symlink(target, std::filesystem::path(root()) / folder_ / "device");
    }
    void detach(const std::string& name) { vanishes("class/block/" + name); }
    // One stands on the other.
    void stack(const std::string& upper, const std::string& lower) {
        attribute("class/block/" + upper + "/slaves/" + lower, "");
        attribute("class/block/" + lower + "/holders/" + upper, "");
    }

    void nvme_on_a_controller() {
        const std::string controller = "devices/pci0000:00/0000:00:04.0/nvme/nvme0";
        attach("nvme0n1", "259:0", controller);
        has("wwid", "eui.0025385b21404321");
        device_is("../../nvme0");
        attribute(controller + "/model", "SAMSUNG MZVLB512   \n");
        attribute(controller + "/serial", "S3X4NX0K\n");
        attribute(controller + "/firmware_rev", "EXF7201Q\n");
    }
    void nvme_on_two_controllers() {
        const std::string subsystem = "devices/virtual/nvme-subsystem/nvme-subsys1";
        attach("nvme1n1", "259:1", subsystem);
        has("wwid", "uuid.7c1d6a3e");
        device_is("../../nvme-subsys1");
        attribute(subsystem + "/model", "Linux\n");
        const std::filesystem::path top(root());
        std::filesystem::create_directories(top / "class/nvme");
        for (const auto& [name, slot] : {std::pair("nvme1", "05.0"), std::pair("nvme2", "06.0")}) {
            const std::string place =
                "devices/pci0000:00/0000:00:" + std::string(slot) + "/nvme/" + name;
            folder(place);
            std::filesystem::create_symlink("../../../../" + place, top / subsystem / name);
            std::filesystem::create_symlink("../../" + place, top / "class/nvme" / name);
        }
        attach("nvme1c1n1", "259:2", "devices/pci0000:00/0000:00:05.0/nvme/nvme1");
        has("hidden", "1");
    }
    void virtio(const std::string& name, const std::string& number, const std::string& slot,
                const std::string& serial) {
        attach(name, number, "devices/pci0000:00/0000:00:" + slot + "/virtio2/block");
        has("serial", serial);
    }

  private:
    std::string folder_;
};

} // namespace mpapi::disks
