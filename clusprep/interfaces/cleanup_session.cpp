// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/cleanup_session.hpp"

namespace mpapi::csvp {

namespace {

constexpr std::uint32_t of_the_system =
    DiskBoot | DiskSystem | DiskPageFile | DiskHibernate | DiskCrashDump;

} // namespace

void CleanupSession::on(CleanUpEvictedNode, CleanUpEvictedNode::In in,
                        const Responder<CleanUpEvictedNode>& respond) {
    constexpr std::uint32_t known =
        CleanUpEvictedNode::dont_stop_service | CleanUpEvictedNode::dont_wait_for_service;
    if ((in.flags & ~known) != 0) return respond(Hresult::InvalidParameter);
    CleanupOrder order;
    order.delay = std::chrono::milliseconds(in.delay);
    order.timeout = std::chrono::milliseconds(in.timeout);
    order.stop_service = (in.flags & CleanUpEvictedNode::dont_stop_service) == 0;
    order.wait_for_service =
        order.stop_service && (in.flags & CleanUpEvictedNode::dont_wait_for_service) == 0;
    machine_.node().cleanup().clean_up(order, answer_with(respond));
}

void CleanupSession::on(ClearPR, ClearPR::In in, const Responder<ClearPR>& respond) {
    const auto numbers = machine_.numbers_in_use();
    if (!numbers) return respond(Hresult::InvalidServerState);
    machine_.node().disks().list([&machine = machine_, numbers, in,
                                  respond](Outcome<DiskList> list) {
        if (!list) return respond(list.failure());
        numbers->update(*list);
        const Lun* const lun = numbers->at(in.device_number);
        if (!lun || lun->missing) return respond(Hresult::FileNotFound);
        if ((lun->disk.flags & of_the_system) != 0)
            return respond(Failure{Hresult::AccessDenied,
                                   {"clear reservations", lun->disk.key, "the system uses it"}});
        machine.node().disks().register_and_clear(lun->disk.key, answer_with(respond));
    });
}

} // namespace mpapi::csvp
