// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sysfs of files, told in verbs. The tree has the kernel's shape: devices in folders, classes as
// folders of relative links to them.
#pragma once

#include "daemon/kernel/sysfs.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <stdlib.h>

namespace mpapi::kernel::test {

class FakeSysfs {
  public:
    FakeSysfs() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sysfs-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        std::filesystem::create_directories(root_ / "class/block");
    }
    ~FakeSysfs() { std::filesystem::remove_all(root_); }
    FakeSysfs(const FakeSysfs&) = delete;
    FakeSysfs& operator=(const FakeSysfs&) = delete;

    std::string root() const { return root_.string(); }
    Sysfs sysfs() const { return Sysfs(root_.string()); }

    void attribute(const std::string& path, const std::string& content) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path, std::ios::binary) << content;
    }
    void folder(const std::string& path) { std::filesystem::create_directories(root_ / path); }
    void vanishes(const std::string& path) { std::filesystem::remove_all(root_ / path); }

    // `between` is what stands between host and target: "rport-3:0-1", "session2", "". The address
    // is "3:0:1:5".
    void disk_appears(const std::string& name, const std::string& number,
                      const std::string& address, const std::string& between = "") {
        const auto colon = address.find(':');
        const auto target = address.substr(0, address.rfind(':'));
        scsi_ = "devices/pci0000:00/0000:00:05.0/host" + address.substr(0, colon) + "/" +
                (between.empty() ? "" : between + "/") + "target" + target + "/" + address;
        const auto block = scsi_ + "/block/" + name;
        folder(block + "/holders");
        attribute(block + "/dev", number + "\n");
        attribute(block + "/size", "32768\n");
        attribute(scsi_ + "/state", "running\n");
        attribute(scsi_ + "/vendor", "LIO-ORG \n");
        attribute(scsi_ + "/model", "RAMDISK-MCP     \n");
        attribute(scsi_ + "/rev", "4.0 \n");
        std::filesystem::create_symlink("../..", root_ / block / "device");
        std::filesystem::create_symlink("../../" + block, root_ / "class/block" / name);
        last_block_ = block;
    }
    void disk_vanishes(const std::string& name) {
        const auto link = root_ / "class/block" / name;
        const auto block = std::filesystem::weakly_canonical(link);
        std::filesystem::remove(link);
        std::filesystem::remove_all(block.parent_path().parent_path());
    }
    // Of the disk that appeared last.
    void page_83h(const std::string& bytes) { attribute(scsi_ + "/vpd_pg83", bytes); }
    void state(const std::string& state) { attribute(scsi_ + "/state", state + "\n"); }
    void size(const std::string& sectors) { attribute(last_block_ + "/size", sectors + "\n"); }
    void holder(const std::string& name) { folder(last_block_ + "/holders/" + name); }
    void holder_of_partition(const std::string& partition, const std::string& name) {
        folder(last_block_ + "/" + partition + "/holders/" + name);
    }

    void host(const std::string& name, const std::string& driver) {
        attribute("class/scsi_host/" + name + "/proc_name", driver + "\n");
    }
    void fc_host(const std::string& name, const std::string& wwpn) {
        host(name, "qla2xxx");
        attribute("class/fc_host/" + name + "/port_name", wwpn + "\n");
    }
    void remote_port(const std::string& name, const std::string& wwpn) {
        attribute("class/fc_remote_ports/" + name + "/port_name", wwpn + "\n");
    }
    void session(const std::string& name, const std::string& initiator, const std::string& target,
                 const std::string& tag) {
        const auto path = "class/iscsi_session/" + name;
        attribute(path + "/initiatorname", initiator + "\n");
        attribute(path + "/targetname", target + "\n");
        attribute(path + "/tpgt", tag + "\n");
    }

  private:
    std::filesystem::path root_;
    std::string scsi_, last_block_;
};

} // namespace mpapi::kernel::test
