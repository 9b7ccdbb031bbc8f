// SPDX-License-Identifier: LGPL-2.1-or-later
// What mpapi-holders looks at, and how it tells.
#include "daemon/holders/process_report.hpp"
#include "daemon/holders/process_search.hpp"
#include "tests/unit/cmocka.hpp"

#include <filesystem>
#include <fstream>

using namespace mpapi;
using namespace mpapi::holders;

namespace {

// A /proc of files. A descriptor leads to a name; which device is behind it the test says.
class Processes {
  public:
    Processes() {
        std::string pattern = (std::filesystem::temp_directory_path() / "proc-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
    }
    ~Processes() { std::filesystem::remove_all(root_); }
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    void process(int pid, const std::string& name, unsigned uid, const std::string& space = "1") {
        folder_ = root_ / std::to_string(pid);
        std::filesystem::create_directories(folder_ / "fd");
        std::filesystem::create_directories(folder_ / "ns");
        std::ofstream(folder_ / "comm") << name << "\n";
        std::ofstream(folder_ / "status")
            << "Name:\tUid:\t7\nUid:\t" << uid << "\t0\t0\t0\nGid:\t9\t9\t9\t9\n";
        std::filesystem::create_symlink("mnt:[" + space + "]", folder_ / "ns/mnt");
    }
    void opens(int descriptor, const std::string& name) {
        std::filesystem::create_symlink(name, folder_ / "fd" / std::to_string(descriptor));
    }
    void mounts(const std::string& table) { std::ofstream(folder_ / "mountinfo") << table; }

    ProcessReport search(const std::vector<BlockDevice>& devices) const {
        return search_processes(root_.string(), devices, [](const std::string& descriptor) {
            const auto name = std::filesystem::read_symlink(descriptor).string();
            if (!name.starts_with("/dev/")) fail_msg("%s was asked for its device", name.c_str());
            if (name == "/dev/dm-0") return std::optional(dm::DeviceNumber{253, 0});
            if (name == "/dev/mapper/vg0-data") return std::optional(dm::DeviceNumber{253, 3});
            return std::optional<dm::DeviceNumber>();
        });
    }

  private:
    std::filesystem::path root_, folder_;
};

const std::vector<BlockDevice> kDevices{{{253, 0}, "dm-0", "mpatha", "mpath-x", false},
                                        {{253, 3}, "dm-3", "vg0-data", "LVM-x", false}};

void who_has_a_device_open_is_found_once(void**) {
    Processes processes;
    processes.process(1, "systemd", 0);
    processes.process(4711, "dd", 1000);
    processes.opens(0, "/dev/null");
    processes.opens(3, "/dev/dm-0");
    processes.opens(4, "/dev/dm-0");
    processes.opens(5, "/dev/mapper/vg0-data");
    const auto report = processes.search(kDevices);
    assert_true(report.processes == (std::vector<ProcessUse>{{4711, 1000, {253, 0}, "dd"},
                                                             {4711, 1000, {253, 3}, "dd"}}));
    assert_true(processes.search({}).processes.empty());
}

// Their server may be gone: the fake fails the test if they are asked.
void descriptors_elsewhere_are_not_touched(void**) {
    Processes processes;
    processes.process(7, "reader", 0);
    processes.opens(3, "/mnt/nfs/file");
    processes.opens(4, "socket:[123]");
    processes.opens(5, "/devices");
    assert_true(processes.search(kDevices) == ProcessReport());
}

void each_mount_namespace_is_read_once_and_each_mount_told_once(void**) {
    Processes processes;
    processes.process(1, "systemd", 0, "1");
    processes.mounts("36 35 253:0 / /srv rw - xfs /dev/mapper/mpatha rw\n");
    processes.process(2, "kthreadd", 0, "1");
    processes.mounts("36 35 253:0 / /not/read rw - xfs /dev/mapper/mpatha rw\n");
    processes.process(30, "container", 0, "2");
    processes.mounts("36 35 253:0 / /srv rw - xfs /dev/mapper/mpatha rw\n"
                     "37 35 253:3 / /data rw - xfs /dev/mapper/vg0-data rw\n"
                     "38 35 8:1 / / rw - ext4 /dev/sda1 rw\n");
    processes.process(200, "late", 0, "3"); // after 30, not before it
    processes.mounts("37 35 253:3 / /data rw - xfs /dev/mapper/vg0-data rw\n");
    assert_true(processes.search(kDevices).mounts ==
                (std::vector<MountUse>{{1, {253, 0}, "/srv"}, {30, {253, 3}, "/data"}}));
}

void this_process_can_be_searched(void**) {
    // Without a device to find, over the real tree: nothing in it may be an obstacle.
    assert_true(search_processes("/proc", {}) == ProcessReport());
    assert_false(open_block_device("/dev/null").has_value());
    assert_false(open_block_device("/nonexistent").has_value());
}

void a_request_is_read_as_it_was_written(void**) {
    const std::vector<dm::DeviceNumber> devices{{253, 0}, {9, 127}};
    assert_text_equal(build_request(devices), "253:0 9:127\n");
    const auto read = parse_request("253:0 9:127\n");
    assert_ok(read);
    assert_true(*read == devices);
    const std::vector<dm::DeviceNumber> many(kMostDevices + 1, {4095, 1048575});
    const auto line = build_request(many);
    assert_true(line.size() <= kLargestRequest);
    assert_int_equal(parse_request(line)->size(), kMostDevices);
    assert_false(parse_request(line.substr(0, line.size() - 1) + " 1:1\n").has_value());
    for (const char* text : {"", "\n", "253:0", "253:0  9:1\n", "253\n", "253:0\n9:1\n", " 253:0\n",
                             "-1:0\n", "5000:0\n"})
        if (parse_request(text)) fail_msg("'%s' was taken for a request", text);
}

void a_reply_is_read_as_it_was_written(void**) {
    ProcessReport report;
    report.processes = {{4711, 1000, {253, 0}, "d d%\n\xff"}, {1, 0, {8, 1}, ""}};
    report.mounts = {{812, {253, 3}, "/srv/a b"}};
    const auto text = build_report(report);
    assert_text_equal(text, "mount 812 253:3 /srv/a%20b\n"
                            "process 4711 1000 253:0 d%20d%25%0a%ff\n"
                            "process 1 0 8:1 \n"
                            "end\n");
    const auto read = parse_report(text);
    assert_ok(read);
    assert_true(*read == report);
}

void a_reply_that_lies_is_refused(void**) {
    assert_ok(parse_report("end\n"));
    for (const char* text : {"",
                             "end",
                             "end\nend\n",
                             "end\nprocess 1 0 8:1 a\n",
                             "process 1 0 8:1 a\n",
                             "process 1 0 8:1 a\nend",
                             "process 1 0 8:1\nend\nx",
                             "process x 0 8:1 a\nend\n",
                             "process -1 0 8:1 a\nend\n",
                             "process 1 -1 8:1 a\nend\n",
                             "process 1 0 8 a\nend\n",
                             "process 1 0 8:1 a b\nend\n",
                             "process 1 0 8:1 %4\nend\n",
                             "process 1 0 8:1 %4G\nend\n",
                             "process 1 0 8:1 %4F%\nend\n",
                             "process 99999999999 0 8:1 a\nend\n",
                             "mount 1 8:1 \nend\n",
                             "mount 1 8:1 /a\x01\nend\n",
                             "other 1 8:1 /a\nend\n",
                             "\nend\n"})
        if (parse_report(text)) fail_msg("'%s' was taken for a reply", text);
}

void replies_are_bounded_on_both_sides(void**) {
    ProcessReport report;
    report.mounts.assign(kMostFound, {1, {8, 1}, std::string(4096, '\n')});
    report.processes.assign(kMostFound, {1, 0, {8, 1}, "name"});
    const auto text = build_report(report);
    assert_true(text.size() <= kLargestReply);
    const auto read = parse_report(text);
    assert_ok(read);
    // What is too large by itself leaves room for what is not.
    assert_true(!read->mounts.empty() && !read->processes.empty());
    assert_true(read->mounts.size() + read->processes.size() <= kMostFound);
    std::string lines;
    for (std::size_t at = 0; at <= kMostFound; ++at)
        lines += "process 1 0 8:1 a\n";
    assert_false(parse_report(lines + "end\n").has_value());
    assert_ok(parse_report(lines.substr(lines.find('\n') + 1) + "end\n"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_has_a_device_open_is_found_once),
        cmocka_unit_test(descriptors_elsewhere_are_not_touched),
        cmocka_unit_test(each_mount_namespace_is_read_once_and_each_mount_told_once),
        cmocka_unit_test(this_process_can_be_searched),
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(a_reply_is_read_as_it_was_written),
        cmocka_unit_test(a_reply_that_lies_is_refused),
        cmocka_unit_test(replies_are_bounded_on_both_sides),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
