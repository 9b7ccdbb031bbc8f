// SPDX-License-Identifier: LGPL-2.1-or-later
//
// File systems and files. Files are touched only on what calls itself NTFS (MS-CSVP 3.3.4.5),
// unless the user says that any file system will do.
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"
#include "clusprep/client/online_disk.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>

namespace mpapi::client {
namespace {

using csvp::Hresult;

Outcome<std::string> file_system(Context& context) {
    const auto out = context.server.storage<csvp::CprepDiskGetFSName>(
        {context.command.disk, context.command.partition});
    if (!out) return out.failure();
    const auto& field = out->file_system;
    return utf8_of(std::u16string_view(
        field.data(),
        static_cast<std::size_t>(std::find(field.begin(), field.end(), u'\0') - field.begin())));
}

Report about(const Context& context) {
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"partition", "Partition", std::uint64_t{context.command.partition}, {}}},
                  {}};
}

Outcome<Report> fs_name(Context& context) {
    auto name = file_system(context);
    if (!name) return name.failure();
    Report report = about(context);
    report.facts.push_back({"fileSystem", "File system", std::move(*name), {}});
    return report;
}

Outcome<Report> is_ntfs(Context& context) {
    using Method = csvp::CprepDiskDiskPartitionIsNtfs;
    const auto out = context.server.exchange<csvp::ClusterStorage2, Method>(
        {context.command.disk, context.command.partition});
    if (!out) return out.failure();
    if (!csvp::succeeded(out->result) && out->result != Hresult::WrongDisk)
        return context.server.failure(Method::name, out->result);
    Report report = about(context);
    report.yes = csvp::succeeded(out->result);
    report.facts.push_back({"ntfs", "NTFS", report.yes, {}});
    return report;
}

// Separators are those of Windows, which a shell's user should not have to type.
std::u16string path_of(const Command& command) {
    std::u16string path = to_utf16(command.path);
    std::replace(path.begin(), path.end(), u'/', u'\\');
    return path;
}

Outcome<Done> demand_ntfs(Context& context) {
    if (context.command.any_file_system) return Done{};
    const auto name = file_system(context);
    if (!name) return name.failure();
    if (*name == "NTFS") return Done{};
    return Failure{Failure::Kind::Local,
                   context.server.node(),
                   "",
                   0,
                   {"use", "partition " + std::to_string(context.command.partition),
                    "it has the file system " + *name + ", not NTFS (--any-file-system uses it)"}};
}

csvp::FileContent content_of(const Context& context) {
    return {context.command.disk,
            context.command.partition,
            path_of(context.command),
            static_cast<std::uint32_t>(context.input.size()),
            {context.input.begin(), context.input.end()}};
}

Report about_file(const Context& context) {
    Report report = about(context);
    report.facts.push_back({"path", "File", utf8_of(path_of(context.command)), {}});
    return report;
}

Outcome<Report> write(Context& context) {
    if (const auto ntfs = demand_ntfs(context); !ntfs) return ntfs.failure();
    if (const auto out = context.server.storage<csvp::CprepDiskWriteFileData>(content_of(context));
        !out)
        return out.failure();
    Report report = about_file(context);
    report.facts.push_back({"bytes", "Bytes", std::uint64_t{context.input.size()}, {}});
    return report;
}

Outcome<Report> verify(Context& context) {
    using Method = csvp::CprepDiskVerifyFileData;
    if (const auto ntfs = demand_ntfs(context); !ntfs) return ntfs.failure();
    const auto out = context.server.exchange<csvp::ClusterStorage2, Method>(content_of(context));
    if (!out) return out.failure();
    if (!csvp::succeeded(out->result) && out->result != Hresult::CrcMismatch)
        return context.server.failure(Method::name, out->result);
    Report report = about_file(context);
    report.yes = csvp::succeeded(out->result);
    report.facts.push_back(
        {"matches", "Matches", report.yes, {}, report.yes ? Tone::Good : Tone::Bad});
    return report;
}

Outcome<Report> erase(Context& context) {
    if (const auto ntfs = demand_ntfs(context); !ntfs) return ntfs.failure();
    const auto out = context.server.storage<csvp::CprepDiskDeleteFile>(
        {context.command.disk, context.command.partition, path_of(context.command)});
    if (!out) return out.failure();
    Report report = about_file(context);
    report.facts.push_back({"", "State", std::string("deleted"), {}});
    return report;
}

Outcome<Report> while_online(Context& context, Outcome<Report> (*work)(Context&)) {
    auto online = OnlineDisk::begin(context);
    if (!online) return online.failure();
    return online->end_with(work(context));
}

} // namespace

Outcome<Report> partition_fs(Context& context) {
    return while_online(context, fs_name);
}

Outcome<Report> partition_is_ntfs(Context& context) {
    return while_online(context, is_ntfs);
}

Outcome<Report> file_write(Context& context) {
    return while_online(context, write);
}

Outcome<Report> file_verify(Context& context) {
    return while_online(context, verify);
}

Outcome<Report> file_delete(Context& context) {
    return while_online(context, erase);
}

} // namespace mpapi::client
