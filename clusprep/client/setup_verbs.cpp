// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterSetup, IClusterLog and IClusterCleanup, which have no prelude.
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"

namespace mpapi::client {
namespace {

Outcome<Report> log_place(Context& context, const Outcome<csvp::LogPlace>& out) {
    if (!out) return out.failure();
    const std::string path = utf8_of(out->path.text());
    return Report{{{"path", "", path, {}},
                   {"unc", "Log file", "\\\\" + context.server.node() + "\\" + path, {}}},
                  {}};
}

} // namespace

Outcome<Report> setup_secret_set(Context& context) {
    csvp::ConfigSvcSecret::In in;
    in.secret = ndr::Bstr::from_bytes(context.input);
    if (const auto out = context.server.call<csvp::ClusterSetup, csvp::ConfigSvcSecret>(in); !out)
        return out.failure();
    return Report{{{"bytes", "Bytes stored", std::uint64_t{context.input.size()}, {}}}, {}};
}

Outcome<Report> setup_secret_get(Context& context) {
    const auto out = context.server.call<csvp::ClusterSetup, csvp::RetrieveSvcSecret>({});
    if (!out) return out.failure();
    std::vector<std::uint8_t> secret = out->secret.bytes();
    Report report{{{"bytes", "Bytes", std::uint64_t{secret.size()}, {}}}, {}};
    if (context.command.output.empty())
        report.facts.push_back({"secret", "Secret", std::move(secret), {}});
    else
        report.content = std::move(secret);
    return report;
}

Outcome<Report> setup_label(Context& context) {
    const auto out = context.server.call<csvp::ClusterSetup, csvp::RetrieveHostLabel>({});
    if (!out) return out.failure();
    return Report{{{"label", "Host label", utf8_of(out->label.text()), {}}}, {}};
}

Outcome<Report> log_all(Context& context) {
    return log_place(context, context.server.call<csvp::ClusterLog, csvp::GenerateClusterLog>({}));
}

Outcome<Report> log_span(Context& context) {
    return log_place(context, context.server.call<csvp::ClusterLog, csvp::GenerateTimeSpanLog>(
                                  {context.command.minutes}));
}

Outcome<Report> cleanup_node(Context& context) {
    using Method = csvp::CleanUpEvictedNode;
    const Command& command = context.command;
    Method::In in{command.delay, command.wait, 0};
    if (command.keep_service) in.flags |= Method::dont_stop_service;
    if (command.no_wait) in.flags |= Method::dont_wait_for_service;
    if (const auto out = context.server.call<csvp::ClusterCleanup, Method>(in); !out)
        return out.failure();
    return Report{{{"", "State", std::string("cleaned up"), {}, Tone::Good}}, {}};
}

Outcome<Report> cleanup_pr(Context& context) {
    // The node knows disks by numbers while an object of IClusterStorage2 is prepared.
    if (const auto prepared = context.server.prepare(); !prepared) return prepared.failure();
    if (const auto out =
            context.server.call<csvp::ClusterCleanup, csvp::ClearPR>({context.command.number});
        !out)
        return out.failure();
    return Report{{{"number", "Disk", std::uint64_t{context.command.number}, {}},
                   {"", "Done", std::string("no reservation and no key is left"), {}, Tone::Good}},
                  {}};
}

} // namespace mpapi::client
