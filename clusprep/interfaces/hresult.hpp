// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a method of the six interfaces returns (MS-ERREF 2.1): an HRESULT, mostly a Win32 error in
// facility 7. The values that MS-CSVP names, and the ones we answer where it says "any other".
#pragma once

#include <cstdint>
#include <string>

namespace mpapi::csvp {

enum class Hresult : std::uint32_t {
    Ok = 0,
    NotImplemented = 0x80004001,     // E_NOTIMPL: opnums the IDL reserves
    Failed = 0x80004005,             // E_FAIL
    Unexpected = 0x8000ffff,         // E_UNEXPECTED
    FileNotFound = 0x80070002,       // not attached, no secret, no such file
    AccessDenied = 0x80070005,       // refused by the allow-list or because the system uses it
    OutOfMemory = 0x8007000e,        // E_OUTOFMEMORY
    NotReady = 0x80070015,           // not online
    CrcMismatch = 0x80070017,        // ERROR_CRC: a file does not hold what it should
    WriteProtected = 0x80070013,     // ERROR_WRITE_PROTECT
    WrongDisk = 0x80070022,          // not NTFS
    NotSupported = 0x80070032,       // no device identification
    DeviceGone = 0x80070037,         // ERROR_DEV_NOT_EXIST: a path to the answer is gone
    InvalidParameter = 0x80070057,   // E_INVALIDARG
    DiskFull = 0x80070070,           // ERROR_DISK_FULL
    SemaphoreTimeout = 0x80070079,   // ERROR_SEM_TIMEOUT: a device that does not answer
    InsufficientBuffer = 0x8007007a, // pcbNeeded says how much
    InvalidName = 0x8007007b,        // ERROR_INVALID_NAME
    Busy = 0x800700aa,               // ERROR_BUSY: reservation conflict, a disk in use
    MoreData = 0x800700ea,           // GetDsms
    WaitTimeout = 0x80070102,        // CleanUpEvictedNode
    Aborted = 0x800703e3,            // ERROR_OPERATION_ABORTED
    IoDevice = 0x8007045d,           // ERROR_IO_DEVICE
    NotFound = 0x80070490,           // not attached (IsOnline, SetOnline); more than one matches
    NetworkUnreachable = 0x800704cf, // ERROR_NETWORK_UNREACHABLE
    HostUnreachable = 0x800704d0,    // ERROR_HOST_UNREACHABLE
    InvalidServerState = 0x80070548, // prepare state
    Timeout = 0x800705b4,            // ERROR_TIMEOUT: no echo in time
    DuplicateTag = 0x800707de,       // VerifyUnique
    InvalidState = 0x8007139f,       // not online, not owned, not offline
};

constexpr Hresult from_win32(std::uint16_t code) {
    return code == 0 ? Hresult::Ok : static_cast<Hresult>(0x80070000u | code);
}

constexpr bool succeeded(Hresult result) {
    return (static_cast<std::uint32_t>(result) & 0x80000000u) == 0;
}

// What a failed system call is called over there; Failed for one without a counterpart.
Hresult from_errno(int number);

// "0x8007139F ERROR_INVALID_STATE"; the number alone when it has no name here.
std::string text(Hresult result);

} // namespace mpapi::csvp
