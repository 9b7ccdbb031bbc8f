// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Statuses of fault PDUs (C706 Appendix N, MS-RPCE 2.2.2.9 and the Win32 codes it admits).
#pragma once

#include <cstdint>
#include <string>

namespace mpapi::rpc {

namespace fault {

constexpr std::uint32_t access_denied = 5;
constexpr std::uint32_t bad_stub_data = 0x000006f7;     // RPC_X_BAD_STUB_DATA
constexpr std::uint32_t out_of_memory = 0x1c00001b;     // nca_s_fault_remote_no_memory
constexpr std::uint32_t unspecified = 0x1c000012;       // nca_s_fault_unspec
constexpr std::uint32_t operation_range = 0x1c010002;   // nca_s_op_rng_error
constexpr std::uint32_t unknown_interface = 0x1c010003; // nca_s_unk_if
constexpr std::uint32_t protocol_error = 0x1c01000b;    // nca_s_proto_error
constexpr std::uint32_t server_too_busy = 0x1c010014;   // nca_s_server_too_busy
constexpr std::uint32_t invalid_object = 0x80010114;    // RPC_E_INVALID_OBJECT

} // namespace fault

// "access denied (0x5)"
std::string fault_text(std::uint32_t status);

} // namespace mpapi::rpc
