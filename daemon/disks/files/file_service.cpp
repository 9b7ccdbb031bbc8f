// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_service.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr std::chrono::seconds kPatience{60};

Error unexpected() {
    return Error{"ask", "mpapi-disk-files", "it gave an answer that means nothing", EBADMSG};
}

} // namespace

ErrandFileService::ErrandFileService(sd_event* loop, std::string socket)
  : client_(loop, std::move(socket), "mpapi-disk-files") {}

void ErrandFileService::list(dm::DeviceNumber disk, std::uint64_t,
                             std::function<void(Result<std::vector<DiskPartition>>)> then) {
    client_.send({{"partitions", to_string(disk)}}, kPatience,
                 [then = std::move(then)](const Result<ErrandReply>& reply) {
                     if (!reply) return then(reply.error());
                     auto partitions = read_partition_lines(reply->lines);
                     if (!partitions) return then(unexpected());
                     then(std::move(*partitions));
                 });
}

void ErrandFileService::identify(dm::DeviceNumber disk,
                                 std::function<void(Result<std::string>)> then) {
    client_.send({{"content", to_string(disk)}}, kPatience,
                 [then = std::move(then)](const Result<ErrandReply>& reply) {
                     if (!reply) return then(reply.error());
                     auto content = read_content_lines(reply->lines);
                     if (!content) return then(unexpected());
                     then(std::move(*content));
                 });
}

void ErrandFileService::carry_out(const FileErrand& errand,
                                  std::function<void(Result<bool>)> then) {
    const bool verify = errand.kind == FileErrand::Kind::Verify;
    client_.send(file_lines(errand), kPatience,
                 [verify, then = std::move(then)](const Result<ErrandReply>& reply) {
                     if (!reply) return then(reply.error());
                     const auto says = [&](const char* word) {
                         return reply->lines == Lines{{word}};
                     };
                     if (says(verify ? "same" : "done")) return then(true);
                     if (verify && says("different")) return then(false);
                     then(unexpected());
                 });
}

} // namespace mpapi::disks
