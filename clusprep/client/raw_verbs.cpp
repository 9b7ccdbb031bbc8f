// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sectors and what devices tell of themselves. A sector is asked for by CprepDiskGetArbSectors when
// none is named (MS-CSVP 3.3.4.3).
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/unique_ids.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::client {
namespace {

using csvp::Hresult;

constexpr std::uint32_t sector_size = 512;
constexpr std::uint32_t first_ids_buffer = 4096;
constexpr std::uint32_t first_dsms_buffer = 4 + 32 * 144;
constexpr std::uint32_t most_buffer = 1024 * 1024;

Outcome<std::uint32_t> sector_of(Context& context) {
    const Sector& sector = context.command.sector;
    if (sector.which == Sector::Which::Number) return sector.number;
    const auto out = context.server.storage<csvp::CprepDiskGetArbSectors>({context.command.disk});
    if (!out) return out.failure();
    return sector.which == Sector::Which::X ? out->sector_x : out->sector_y;
}

} // namespace

Outcome<Report> disk_read(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto sector = sector_of(context);
    if (!sector) return sector.failure();
    auto out = server.storage<csvp::CprepDiskRawRead>(
        {context.command.disk, *sector, context.command.bytes});
    if (!out) return out.failure();
    Report report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"sector", "Sector", std::uint64_t{*sector}, {}},
                   {"bytes", "Bytes", std::uint64_t{out->data_read}, {}},
                   {"latencyMilliseconds", "Latency", std::uint64_t{out->latency},
                    std::to_string(out->latency) + " ms"}},
                  {}};
    if (context.command.output.empty())
        report.facts.push_back({"data", "Data", std::move(out->data), {}});
    else
        report.content = std::move(out->data);
    return report;
}

Outcome<Report> disk_write(Context& context) {
    auto& server = context.server;
    if (context.input.size() > sector_size)
        return Failure{Failure::Kind::Local,
                       "",
                       "",
                       0,
                       {"write", "sector",
                        std::to_string(context.input.size()) + " bytes are more than one holds"}};
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto sector = sector_of(context);
    if (!sector) return sector.failure();
    csvp::CprepDiskRawWrite::In in{
        context.command.disk, *sector, sector_size, {context.input.begin(), context.input.end()}};
    in.data.resize(sector_size);
    const auto out = server.storage<csvp::CprepDiskRawWrite>(in);
    if (!out) return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"sector", "Sector", std::uint64_t{*sector}, {}},
                   {"bytes", "Bytes", std::uint64_t{out->data_written}, {}},
                   {"latencyMilliseconds", "Latency", std::uint64_t{out->latency},
                    std::to_string(out->latency) + " ms"}},
                  {}};
}

Outcome<Report> disk_scratch(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto out = server.storage<csvp::CprepDiskGetArbSectors>({context.command.disk});
    if (!out) return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"sectorX", "Sector x", std::uint64_t{out->sector_x}, {}},
                   {"sectorY", "Sector y", std::uint64_t{out->sector_y}, {}}},
                  {}};
}

Outcome<Report> disk_readable(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    if (const auto out = server.storage<csvp::CprepDiskIsReadable>({context.command.disk}); !out)
        return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"readable", "Readable", true, {}, Tone::Good}},
                  {}};
}

Outcome<Report> disk_ids(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    using Method = csvp::CprepDiskGetUniqueIds;
    Method::In in{context.command.disk, first_ids_buffer};
    auto out = server.exchange<csvp::ClusterStorage2, Method>(in);
    if (out && out->result == Hresult::InsufficientBuffer && out->needed > in.data_size &&
        out->needed <= most_buffer) {
        in.data_size = out->needed;
        out = server.exchange<csvp::ClusterStorage2, Method>(in);
    }
    if (!out) return out.failure();
    if (!csvp::succeeded(out->result)) return server.failure(Method::name, out->result);
    const auto ids = csvp::decode_unique_ids(out->data);
    if (!ids) return server.failure(Failure::Kind::Garbled, Method::name, ids.error());
    List list{"identifiers",
              {{"association", "OF"},
               {"type", "TYPE"},
               {"codeSet", "CODE"},
               {"identifier", "IDENTIFIER"}},
              {},
              "the device has no identifiers"};
    for (const csvp::UniqueId& id : *ids) {
        std::string words; // a text is shown as one
        if (id.code_set == 2 || id.code_set == 3)
            words.assign(id.identifier.begin(), id.identifier.end());
        words.erase(std::find(words.begin(), words.end(), '\0'), words.end());
        list.rows.push_back({{association_name(id.association), {}},
                             {identifier_type_name(id.type), {}},
                             {code_set_name(id.code_set), {}},
                             {id.identifier, words}});
    }
    return Report{{{"disk", "Disk", text(context.command.disk), {}}}, {std::move(list)}};
}

Outcome<Report> disk_dsms(Context& context) {
    auto& server = context.server;
    if (const auto prepared = server.prepare(); !prepared) return prepared.failure();
    using Method = csvp::CprepDiskGetDsms;
    Method::In in{first_dsms_buffer};
    auto out = server.exchange<csvp::ClusterStorage2, Method>(in);
    while (out && out->result == Hresult::MoreData && in.size < most_buffer) {
        in.size = std::min(in.size * 4, most_buffer);
        out = server.exchange<csvp::ClusterStorage2, Method>(in);
    }
    if (!out) return out.failure();
    if (!csvp::succeeded(out->result)) return server.failure(Method::name, out->result);
    const auto dsms = csvp::decode_dsms(out->dsms);
    if (!dsms) return server.failure(Failure::Kind::Garbled, Method::name, dsms.error());
    List list{"dsms",
              {{"name", "NAME"},
               {"majorVersion", ""},
               {"minorVersion", ""},
               {"build", ""},
               {"qfe", ""},
               {"", "VERSION"}},
              {},
              "no multipath drivers"};
    for (const csvp::Dsm& dsm : *dsms) {
        std::string version;
        for (const std::uint32_t part : {dsm.major, dsm.minor, dsm.build, dsm.qfe})
            version += (version.empty() ? "" : ".") + std::to_string(part);
        list.rows.push_back({{dsm.name, {}},
                             {std::uint64_t{dsm.major}, {}},
                             {std::uint64_t{dsm.minor}, {}},
                             {std::uint64_t{dsm.build}, {}},
                             {std::uint64_t{dsm.qfe}, {}},
                             {version, {}}});
    }
    return Report{{}, {std::move(list)}};
}

} // namespace mpapi::client
