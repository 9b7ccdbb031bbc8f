// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"
#include "clusprep/interfaces/disks.hpp"

#include <algorithm>

namespace mpapi::client {
namespace {

using csvp::Hresult;

std::string adapter_of(const csvp::DiskProps& props) {
    const auto& field = props.adapter_description;
    return utf8_of(std::u16string_view(
        field.data(),
        static_cast<std::size_t>(std::find(field.begin(), field.end(), u'\0') - field.begin())));
}

Tone tone_of(std::uint32_t flags) {
    return (flags & (csvp::DiskMissing | csvp::DiskUnreadable)) != 0 ? Tone::Bad : Tone::Plain;
}

// A question whose "no" is one certain result, and everything else a failure.
template <typename Method>
Outcome<bool> ask(Context& context, Hresult no) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto out = server.exchange<csvp::ClusterStorage2, Method>({context.command.disk});
    if (!out) return out.failure();
    if (csvp::succeeded(out->result)) return true;
    if (out->result == no) return false;
    return server.failure(Method::name, out->result);
}

template <typename Method>
Outcome<Report> act(Context& context, const char* done) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    if (const auto out = server.storage<Method>({context.command.disk}); !out) return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"", "State", std::string(done), {}, Tone::Good}},
                  {}};
}

Outcome<Report> answer(Context& context, const Outcome<bool>& yes, const char* name,
                       const char* label) {
    if (!yes) return yes.failure();
    Report report{{{"disk", "Disk", text(context.command.disk), {}},
                   {name, label, *yes, {}, *yes ? Tone::Good : Tone::Bad}},
                  {}};
    report.yes = *yes;
    return report;
}

} // namespace

Outcome<Report> disk_list(Context& context) {
    const auto prepared = context.server.prepare();
    if (!prepared) return prepared.failure();
    List disks{"disks",
               {{"number", "NUMBER"},
                {"id", "ID"},
                {"bus", "BUS"},
                {"paths", "PATHS"},
                {"clusterable", "CLUSTERABLE"},
                {"adapter", ""},
                {"flags", "FLAGS"}},
               {},
               "no disks"};
    for (std::uint32_t number = 0; number < prepared->disks; ++number) {
        const auto out =
            context.server.storage<csvp::CprepDiskGetProps>({csvp::DiskId::of_number(number)});
        if (!out) return out.failure();
        const csvp::DiskProps& props = out->props;
        const bool clusterable = props.is_clusterable != 0;
        disks.rows.push_back({{std::uint64_t{props.disk_number}, {}},
                              {text(props.disk_id), {}},
                              {bus_name(props.bus_type), {}},
                              {std::uint64_t{props.paths}, {}},
                              {clusterable, {}, clusterable ? Tone::Good : Tone::Plain},
                              {adapter_of(props), {}},
                              {flag_names(props.flags), {}, tone_of(props.flags)}});
    }
    return Report{{}, {std::move(disks)}};
}

Outcome<Report> disk_prepare(Context& context) {
    const auto prepared = context.server.prepare();
    if (!prepared) return prepared.failure();
    const std::string version =
        std::to_string(prepared->major) + "." + std::to_string(prepared->minor);
    return Report{{{"majorVersion", "", std::uint64_t{prepared->major}, {}},
                   {"minorVersion", "", std::uint64_t{prepared->minor}, {}},
                   {"", "System version", version, {}},
                   {"clusprepVersion", "ClusPrep version", std::uint64_t{prepared->version}, {}},
                   {"diskCount", "Disks", std::uint64_t{prepared->disks}, {}}},
                  {}};
}

Outcome<Report> disk_props(Context& context) {
    if (const auto prepared = context.server.prepare(); !prepared) return prepared.failure();
    const auto out = context.server.storage<csvp::CprepDiskGetProps>({context.command.disk});
    if (!out) return out.failure();
    const csvp::DiskProps& props = out->props;
    const bool clusterable = props.is_clusterable != 0;
    return Report{
        {{"number", "Number", std::uint64_t{props.disk_number}, {}},
         {"id", "Identifier", text(props.disk_id), {}},
         {"bus", "Bus", bus_name(props.bus_type), {}},
         {"adapter", "Adapter", adapter_of(props), {}},
         {"paths", "Paths", std::uint64_t{props.paths}, {}},
         {"clusterable", "Clusterable", clusterable, {}, clusterable ? Tone::Good : Tone::Bad},
         {"flags", "Flags", flag_names(props.flags), {}, tone_of(props.flags)}},
        {}};
}

Outcome<Report> disk_attach(Context& context) {
    if (const auto attached = context.server.attach(context.command.disk); !attached)
        return attached.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"", "State", std::string("attached"), {}, Tone::Good}},
                  {}};
}

Outcome<Report> disk_online(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto out = server.storage<csvp::CprepDiskOnline>({context.command.disk});
    if (!out) return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"", "State", std::string("online"), {}, Tone::Good},
                   {"partitions", "Partitions", std::uint64_t{out->partitions}, {}}},
                  {}};
}

Outcome<Report> disk_set_online(Context& context) {
    return act<csvp::CprepDiskSetOnline>(context, "coming online");
}

Outcome<Report> disk_is_online(Context& context) {
    return answer(context, ask<csvp::CprepDiskIsOnline>(context, Hresult::NotReady), "online",
                  "Online");
}

Outcome<Report> disk_offline(Context& context) {
    return act<csvp::CprepDiskOffline>(context, "offline");
}

Outcome<Report> disk_unique(Context& context) {
    return answer(context, ask<csvp::CprepDiskVerifyUnique>(context, Hresult::DuplicateTag),
                  "unique", "Unique");
}

} // namespace mpapi::client
