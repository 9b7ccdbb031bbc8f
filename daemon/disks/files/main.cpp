// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-disk-files: started by systemd for one connection of mpapid, in a sandbox of its own, since
// what is on a disk is a stranger's. Carries out one errand (errand_words.hpp), answers, and ends.
#include "daemon/disks/errands/conversation.hpp"
#include "daemon/disks/files/errand_words.hpp"
#include "daemon/disks/files/file_work.hpp"
#include "daemon/disks/files/mounting.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace {

using namespace mpapi;
using namespace mpapi::disks;

Lines failed(const Error& why) {
    return {failure_words(why)};
}

Result<Fd> open_disk(dm::DeviceNumber disk) {
    const std::string node = "/dev/block/" + to_string(disk);
    Fd file(::open(node.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return Error{"open", node, "", errno};
    struct stat found {};
    if (::fstat(file.get(), &found) < 0) return Error{"look at", node, "", errno};
    if (!S_ISBLK(found.st_mode) || found.st_rdev != ::makedev(disk.major, disk.minor))
        return Error{"open", node, "it leads to another device", ENODEV};
    return file;
}

Result<std::vector<DiskPartition>> partitions_of(dm::DeviceNumber disk) {
    const auto file = open_disk(disk);
    if (!file) return file.error();
    return list_partitions(file->get());
}

Result<Fd> mount(const FileErrand& errand) {
    const auto partitions = partitions_of(errand.disk);
    if (!partitions) return partitions.error();
    if (errand.partition >= partitions->size())
        return Error{"find", "partition " + std::to_string(errand.partition),
                     "the disk has no such partition", ENXIO};
    const DiskPartition& partition = (*partitions)[errand.partition];
    const auto device = partition_device(errand.disk, partition.number);
    if (!device) return device.error();
    const auto access = errand.kind != FileErrand::Kind::Verify ? Access::Write
                        : errand.owned                          ? Access::Read
                                                                : Access::ReadUnowned;
    return mount_detached(*device, partition.content, access);
}

// The root that was mounted is one to start from only (O_PATH).
Status flush_all(int root) {
    const Fd folder(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) < 0) return Error{"flush", "file system", "", errno};
    return Done{};
}

Lines work_on_file(const FileErrand& errand) {
    auto root = mount(errand);
    if (!root) return failed(root.error());
    if (errand.kind == FileErrand::Kind::Verify) {
        const auto same = file_holds(root->get(), errand.path, errand.data);
        if (!same) return failed(same.error());
        return {{*same ? "same" : "different"}};
    }
    auto status = errand.kind == FileErrand::Kind::Write
                      ? write_file(root->get(), errand.path, errand.data)
                      : delete_file(root->get(), errand.path);
    if (status) status = flush_all(root->get());
    root->reset(); // and with it goes the mount, before it is said to be done
    if (!status) return failed(status.error());
    return {{"done"}};
}

Lines carry_out(const Lines& request) {
    if (const auto errand = read_file_errand(request)) return work_on_file(*errand);
    const bool about_disk = request.size() == 1 && request[0].size() == 2;
    const auto disk = about_disk ? dm::parse_device_number(request[0][1]) : std::nullopt;
    if (disk && request[0][0] == "partitions") {
        const auto partitions = partitions_of(*disk);
        return partitions ? partition_lines(*partitions) : failed(partitions.error());
    }
    if (disk && request[0][0] == "content") {
        const auto file = open_disk(*disk);
        if (!file) return failed(file.error());
        const auto content = content_of_whole(file->get());
        return content ? Lines{{"content", *content}} : failed(content.error());
    }
    return failed({"understand", "errand", "", EINVAL});
}

} // namespace

int main() {
    const auto request = receive_errand(STDIN_FILENO);
    const auto reply = request ? carry_out(*request) : failed(request.error());
    const auto sent = answer_errand(STDOUT_FILENO, reply);
    if (sent) return EXIT_SUCCESS;
    std::fprintf(stderr, "mpapi-disk-files: %s\n", sent.error().message().c_str());
    return EXIT_FAILURE;
}
