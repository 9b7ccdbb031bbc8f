// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/verbs.hpp"

namespace mpapi::client {
namespace {

template <typename Method>
Outcome<Report> act(Context& context, const char* done) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    if (const auto out = server.storage<Method>({context.command.disk}); !out) return out.failure();
    return Report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"", "Done", std::string(done), {}, Tone::Good}},
                  {}};
}

} // namespace

Outcome<Report> pr_register(Context& context) {
    return act<csvp::CprepDiskPRRegister>(context, "the node's key is registered");
}

Outcome<Report> pr_unregister(Context& context) {
    return act<csvp::CprepDiskPRUnRegister>(context, "the node's key is removed");
}

Outcome<Report> pr_reserve(Context& context) {
    return act<csvp::CprepDiskPRReserve>(context, "reserved by the node");
}

Outcome<Report> pr_release(Context& context) {
    return act<csvp::CprepDiskPRRelease>(context, "released");
}

Outcome<Report> pr_preempt(Context& context) {
    return act<csvp::CprepDiskPRPreempt>(context, "the node has taken the reservation over");
}

Outcome<Report> pr_clear(Context& context) {
    return act<csvp::CprepDiskPRClear>(context, "no reservation and no key is left");
}

Outcome<Report> pr_present(Context& context) {
    auto& server = context.server;
    if (const auto attached = server.attach(context.command.disk); !attached)
        return attached.failure();
    const auto out = server.storage<csvp::CprepDiskIsPRPresent>({context.command.disk});
    if (!out) return out.failure();
    Report report{{{"disk", "Disk", text(context.command.disk), {}},
                   {"reserved", "Reserved", out->present != 0, {}}},
                  {}};
    report.yes = out->present != 0;
    return report;
}

Outcome<Report> pr_arbitrate(Context& context) {
    const char* const done = context.session        ? "the node owns the disk, and defends it"
                             : context.command.hold ? "the node owns the disk until this ends"
                                                    : "the node could take ownership; it is given "
                                                      "up again";
    return act<csvp::CprepDiskPRArbitrate>(context, done);
}

Outcome<Report> pr_stop_defense(Context& context) {
    return act<csvp::CprepDiskStopDefense>(context, "ownership is given up");
}

} // namespace mpapi::client
