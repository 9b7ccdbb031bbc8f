// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The message flows of MS-CSVP 4.1, 4.2 and 4.3, numbered as there. Each step is told as it ends.
// The first that fails ends a flow, except that what InitializeNode did is always undone.
#include "clusprep/client/verbs.hpp"

#include "clusprep/client/disk_text.hpp"
#include "common/text/printable.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace mpapi::client {
namespace {

class Flow {
  public:
    explicit Flow(Context& context)
      : context_(context)
      , before_(context.clock()) {}

    // After a failure nothing more is called; `work` gives back what there is to say.
    template <typename Work> // Outcome<std::string>()
    void step(const char* name, Work work) {
        if (!failure_) run(name, work);
    }
    // Whatever came before.
    template <typename Work>
    void always(const char* name, Work work) {
        run(name, work);
    }

    Outcome<Report> finish() && {
        if (failure_) return *failure_;
        return Report{{}, {std::move(steps_)}};
    }

  private:
    template <typename Work>
    void run(const char* name, Work work) {
        before_ = context_.clock();
        const Outcome<std::string> said = work();
        const auto took = static_cast<std::uint64_t>((context_.clock() - before_).count());
        const std::size_t number = steps_.rows.size() + 1;
        const std::string words = said ? *said : code_text(said.failure());
        char front[96];
        std::snprintf(front, sizeof front, "%2zu  %-27s %s %6llu ms", number, name,
                      said ? "ok    " : "failed", static_cast<unsigned long long>(took));
        context_.tell(front + (words.empty() ? "" : "  " + printable(words)));
        steps_.rows.push_back(
            {{std::uint64_t{number}, {}}, {std::string(name), {}}, {took, {}}, {words, {}}});
        if (!said && !failure_) failure_ = said.failure();
    }

    Context& context_;
    std::chrono::milliseconds before_;
    // For programs alone: people have read it by then.
    List steps_{
        "steps", {{"step", ""}, {"name", ""}, {"milliseconds", ""}, {"result", ""}}, {}, {}};
    std::optional<Failure> failure_;
};

template <typename T, typename Say>
Outcome<std::string> said(const Outcome<T>& out, Say say) {
    if (!out) return out.failure();
    return std::string(say(*out));
}

template <typename T>
Outcome<std::string> said(const Outcome<T>& out) {
    return said(out, [](const T&) { return ""; });
}

} // namespace

Outcome<Report> flow_online(Context& context) {
    using namespace csvp;
    Server& server = context.server;
    DiskId id = context.command.disk;
    Flow flow(context);
    flow.step("connect", [&] { return said(server.connect<ClusterStorage2>()); });
    flow.step("CprepPrepareNode", [&] {
        return said(server.prepare_first(), [](const CprepPrepareNode::Out& out) {
            return "version " + std::to_string(out.major_version) + "." +
                   std::to_string(out.minor_version);
        });
    });
    flow.step("CprepPrepareNodePhase2", [&] {
        return said(server.prepare(), [](const Server::Prepared& prepared) {
            return std::to_string(prepared.disks) + " disks";
        });
    });
    flow.step("CprepDiskGetProps", [&] {
        return said(server.storage<CprepDiskGetProps>({id}),
                    [&](const CprepDiskGetProps::Out& out) {
                        id = out.props.disk_id; // step 4: the structure to use from here on
                        return text(id);
                    });
    });
    flow.step("CprepDiskAttach", [&] { return said(server.attach(id)); });
    flow.step("CprepDiskPRArbitrate",
              [&] { return said(server.storage<CprepDiskPRArbitrate>({id})); });
    flow.step("CprepDiskOnline", [&] {
        return said(server.storage<CprepDiskOnline>({id}), [](const CprepDiskOnline::Out& out) {
            return std::to_string(out.partitions) + " partitions";
        });
    });
    return std::move(flow).finish();
}

Outcome<Report> flow_network(Context& context) {
    using namespace csvp;
    Server& server = context.server;
    Flow flow(context);
    flow.step("connect", [&] { return said(server.connect<ClusterNetwork2>()); });
    bool initialized = false;
    flow.step("InitializeNode", [&] {
        return said(server.initialize(), [&](const InitializeNode::Out& out) {
            initialized = true;
            return "UDP port " + std::to_string(out.port);
        });
    });
    flow.step("SendRTMessage", [&] {
        return said(network_ping(context),
                    [](const Report& report) { return report.facts.back().words; });
    });
    bool allowed = true;
    flow.step("QueryFirewallConfiguration", [&] {
        return said(network_firewall(context), [&](const Report& report) {
            allowed = report.yes;
            return "node to node " + report.facts[0].words + ", management " +
                   report.facts[1].words;
        });
    });
    if (initialized) flow.always("CleanupNode", [&] { return said(server.clean_up_network()); });
    auto report = std::move(flow).finish();
    if (report) report->yes = allowed;
    return report;
}

Outcome<Report> flow_setup(Context& context) {
    using namespace csvp;
    Server& server = context.server;
    Flow flow(context);
    flow.step("connect", [&] { return said(server.connect<ClusterSetup>()); });
    flow.step("ConfigSvcSecret", [&] {
        return said(setup_secret_set(context),
                    [&](const Report&) { return std::to_string(context.input.size()) + " bytes"; });
    });
    bool same = true;
    flow.step("RetrieveSvcSecret", [&] {
        return said(server.call<ClusterSetup, RetrieveSvcSecret>({}),
                    [&](const RetrieveSvcSecret::Out& out) {
                        const auto secret = out.secret.bytes();
                        same = std::equal(secret.begin(), secret.end(), context.input.begin(),
                                          context.input.end());
                        return same ? "the same" : "NOT what was stored";
                    });
    });
    flow.step("RetrieveHostLabel", [&] {
        return said(server.call<ClusterSetup, RetrieveHostLabel>({}),
                    [](const RetrieveHostLabel::Out& out) { return utf8_of(out.label.text()); });
    });
    auto report = std::move(flow).finish();
    if (report) report->yes = same;
    return report;
}

} // namespace mpapi::client
