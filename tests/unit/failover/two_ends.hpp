// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A network of this program's own with one wire in it: the interfaces `here` and `there`.
#pragma once

#include "failover/address/hardware.hpp"

#include "tests/unit/cmocka.hpp"

#include <cstdlib>

namespace mpapi::failover {

inline const HardwareAddress kThere = *HardwareAddress::parse("02:00:00:00:00:0b");
inline const HardwareAddress kAll = *HardwareAddress::parse("ff:ff:ff:ff:ff:ff");

inline void run(const char* command) {
    if (std::system(command) != 0) fail_msg("%s", command);
}

inline int make_network(void**) {
    run("ip link add there address 02:00:00:00:00:0b type veth peer name here");
    run("ip link set here up && ip link set there up");
    return 0;
}

} // namespace mpapi::failover
