// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Initiators for the tests of persistent reservations: one of each kind, and drawn at random.
#pragma once

#include "common/scsi/transport_id.hpp"

#include <random>

inline mpapi::scsi::TransportId random_initiator(std::mt19937_64& random) {
    using namespace mpapi::scsi;
    switch (random() % 5) {
    case 0:
        return FibreChannelInitiator{random()};
    case 1: {
        IscsiInitiator initiator{"iqn.2026-01.org.example:", std::nullopt};
        initiator.name.append(random() % 190, 'n');
        if (random() % 2) initiator.isid = random() >> 16;
        return initiator;
    }
    case 2:
        return SasInitiator{random()};
    case 3: {
        SrpInitiator initiator;
        for (auto& byte : initiator.port_id)
            byte = static_cast<std::uint8_t>(random());
        return initiator;
    }
    default: {
        OtherInitiator initiator;
        for (auto& byte : initiator.bytes)
            byte = static_cast<std::uint8_t>(random());
        initiator.bytes[0] = static_cast<std::uint8_t>(Protocol::Sop);
        return initiator;
    }
    }
}
