// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/hresult.hpp"

#include <cerrno>
#include <cstdio>

namespace mpapi::csvp {

namespace {

const char* name(Hresult result) {
    switch (result) {
    case Hresult::Ok:
        return "S_OK";
    case Hresult::NotImplemented:
        return "E_NOTIMPL";
    case Hresult::Failed:
        return "E_FAIL";
    case Hresult::Unexpected:
        return "E_UNEXPECTED";
    case Hresult::FileNotFound:
        return "ERROR_FILE_NOT_FOUND";
    case Hresult::AccessDenied:
        return "ERROR_ACCESS_DENIED";
    case Hresult::OutOfMemory:
        return "E_OUTOFMEMORY";
    case Hresult::WriteProtected:
        return "ERROR_WRITE_PROTECT";
    case Hresult::NotReady:
        return "ERROR_NOT_READY";
    case Hresult::CrcMismatch:
        return "ERROR_CRC";
    case Hresult::WrongDisk:
        return "ERROR_WRONG_DISK";
    case Hresult::NotSupported:
        return "ERROR_NOT_SUPPORTED";
    case Hresult::DeviceGone:
        return "ERROR_DEV_NOT_EXIST";
    case Hresult::InvalidParameter:
        return "E_INVALIDARG";
    case Hresult::DiskFull:
        return "ERROR_DISK_FULL";
    case Hresult::SemaphoreTimeout:
        return "ERROR_SEM_TIMEOUT";
    case Hresult::InsufficientBuffer:
        return "ERROR_INSUFFICIENT_BUFFER";
    case Hresult::InvalidName:
        return "ERROR_INVALID_NAME";
    case Hresult::Busy:
        return "ERROR_BUSY";
    case Hresult::MoreData:
        return "ERROR_MORE_DATA";
    case Hresult::WaitTimeout:
        return "WAIT_TIMEOUT";
    case Hresult::Aborted:
        return "ERROR_OPERATION_ABORTED";
    case Hresult::IoDevice:
        return "ERROR_IO_DEVICE";
    case Hresult::NotFound:
        return "ERROR_NOT_FOUND";
    case Hresult::NetworkUnreachable:
        return "ERROR_NETWORK_UNREACHABLE";
    case Hresult::HostUnreachable:
        return "ERROR_HOST_UNREACHABLE";
    case Hresult::InvalidServerState:
        return "ERROR_INVALID_SERVER_STATE";
    case Hresult::Timeout:
        return "ERROR_TIMEOUT";
    case Hresult::DuplicateTag:
        return "ERROR_DUPLICATE_TAG";
    case Hresult::InvalidState:
        return "ERROR_INVALID_STATE";
    }
    return nullptr;
}

} // namespace

Hresult from_errno(int number) {
    switch (number) {
    case EACCES:
    case EPERM:
        return Hresult::AccessDenied;
    case ENOENT:
    case ENOTDIR:
        return Hresult::FileNotFound;
    case ENODEV:
    case ENXIO:
        return Hresult::DeviceGone;
    case ENOMEM:
        return Hresult::OutOfMemory;
    case EINVAL:
        return Hresult::InvalidParameter;
    case EBUSY:
    case EBADE: // a reservation conflict, as the block layer says it
        return Hresult::Busy;
    case EROFS:
        return Hresult::WriteProtected;
    case ENOSPC:
        return Hresult::DiskFull;
    case EIO:
        return Hresult::IoDevice;
    case EOPNOTSUPP:
        return Hresult::NotSupported;
    case ENAMETOOLONG:
        return Hresult::InvalidName;
    case ETIMEDOUT:
        return Hresult::Timeout;
    case ECANCELED:
        return Hresult::Aborted;
    case ENETUNREACH:
        return Hresult::NetworkUnreachable;
    case EHOSTUNREACH:
        return Hresult::HostUnreachable;
    default:
        return Hresult::Failed;
    }
}

std::string text(Hresult result) {
    char digits[11];
    std::snprintf(digits, sizeof digits, "0x%08X", static_cast<unsigned>(result));
    const char* const known = name(result);
    return known ? std::string(digits) + " " + known : std::string(digits);
}

} // namespace mpapi::csvp
