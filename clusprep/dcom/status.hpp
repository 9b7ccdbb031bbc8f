// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The results that DCOM itself gives (MS-ERREF 2.1). An HRESULT is an unsigned number here: only
// its bits matter on the wire.
#pragma once

#include <cstdint>

namespace mpapi::dcom {

using HResult = std::uint32_t;

constexpr HResult kOk = 0;
constexpr HResult kFalse = 1;                       // S_FALSE
constexpr HResult kNotAllInterfaces = 0x00080012;   // CO_S_NOTALLINTERFACES
constexpr HResult kNotImplemented = 0x80004001;     // E_NOTIMPL
constexpr HResult kNoInterface = 0x80004002;        // E_NOINTERFACE
constexpr HResult kNoAggregation = 0x80040110;      // CLASS_E_NOAGGREGATION
constexpr HResult kClassNotAvailable = 0x80040111;  // CLASS_E_CLASSNOTAVAILABLE
constexpr HResult kClassNotRegistered = 0x80040154; // REGDB_E_CLASSNOTREG
constexpr HResult kAccessDenied = 0x80070005;       // E_ACCESSDENIED
constexpr HResult kOutOfMemory = 0x8007000e;        // E_OUTOFMEMORY
constexpr HResult kInvalidArgument = 0x80070057;    // E_INVALIDARG

// Given as fault statuses.
constexpr std::uint32_t kVersionMismatch = 0x80010110; // RPC_E_VERSION_MISMATCH
constexpr std::uint32_t kInvalidObject = 0x80010114;   // RPC_E_INVALID_OBJECT

constexpr bool failed(HResult result) noexcept {
    return (result & 0x80000000) != 0;
}

} // namespace mpapi::dcom
