// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/transport_id.hpp"
#include "daemon/disks/standard_methods.hpp"
#include "daemon/publish/errors.hpp"

namespace mpapi::disks {

namespace {

using CallPtr = std::shared_ptr<Call>;
using publish::BusWriter;

void append_nexuses(BusWriter& out, const std::vector<NexusResult>& results) {
    out.open('a', "(sssbs)");
    for (const auto& each : results) {
        out.open('r', "sssbs");
        out.text(each.nexus.initiator_port);
        out.text(each.nexus.target_port);
        out.text(each.nexus.device);
        out.boolean(each.status.has_value());
        out.text(each.status ? "" : each.status.error().message());
        out.close();
    }
    out.close();
}

void answer(Call& call, const std::vector<NexusResult>& results) {
    if (results.empty() && !call.disk()->scsi)
        return call.fail(publish::error::kUnsupported, "It is no SCSI disk.");
    const Status outcome = outcome_of(results);
    if (!outcome) return call.fail(outcome.error());
    if (const auto down = failures_of(results); !down.empty())
        call.remark("but not through paths that are down: " + down);
    call.reply([&](BusWriter& out) { append_nexuses(out, results); });
}

void answer(Call& call, const Status& status) {
    if (status) return call.reply();
    call.fail(status.error());
}

void append_registration(BusWriter& out, const RegisteredNexus& each, std::uint64_t our_key) {
    const auto& registration = each.registration;
    out.open('r', "tbbqsb");
    out.u64(registration.key);
    out.boolean(registration.holder);
    out.boolean(registration.all_target_ports);
    out.u16(registration.all_target_ports ? std::uint16_t{0} : registration.relative_target_port);
    out.text(registration.initiator ? scsi::transport_id_text(*registration.initiator) : "");
    out.boolean(each.is_ours() || registration.key == our_key);
    out.close();
}

void answer(Call& call, const Result<ReservationState>& state, std::uint64_t our_key) {
    if (!state) return call.fail(state.error());
    call.reply([&](BusWriter& out) {
        out.u32(state->generation);
        out.u8(state->held ? static_cast<std::uint8_t>(state->held->type) : std::uint8_t{0});
        out.u64(state->held ? state->held->key : 0);
        out.open('a', "(tbbqsb)");
        for (const auto& each : state->registrations)
            append_registration(out, each, our_key);
        out.close();
    });
}

using OnNexuses = void (Reservations::*)(const DiskPtr&, Reservations::PerNexus);
using Once = void (Reservations::*)(const DiskPtr&, Reservations::Ended);

} // namespace

Methods reservation_methods(Reservations& reservations) {
    const auto each = [&](const char* name, OnNexuses action) {
        return Method{name,
                      "",
                      "a(sssbs)",
                      SD_BUS_PARAM(nexuses),
                      [&reservations, action](const CallPtr& call) {
                          (reservations.*action)(call->disk(),
                                                 [call](const std::vector<NexusResult>& results) {
                                                     answer(*call, results);
                                                 });
                      },
                      true,
                      true};
    };
    const auto once = [&](const char* name, Once action) {
        return Method{name,
                      "",
                      "",
                      "",
                      [&reservations, action](const CallPtr& call) {
                          (reservations.*action)(call->disk(), [call](const Status& status) {
                              answer(*call, status);
                          });
                      },
                      true,
                      true};
    };
    return {
        each("ReservationRegister", &Reservations::register_all),
        each("ReservationUnregister", &Reservations::unregister_all),
        once("ReservationReserve", &Reservations::reserve),
        once("ReservationRelease", &Reservations::release),
        once("ReservationPreempt", &Reservations::preempt_holder),
        once("ReservationClear", &Reservations::clear),
        {"ReservationRead", "", "uyta(tbbqsb)",
         SD_BUS_PARAM(generation) SD_BUS_PARAM(type) SD_BUS_PARAM(holder_key)
             SD_BUS_PARAM(registrations),
         [&reservations](const CallPtr& call) {
             reservations.read(call->disk(), [call, key = reservations.key()](
                                                 const Result<ReservationState>& state) {
                 answer(*call, state, key);
             });
         }},
    };
}

} // namespace mpapi::disks
